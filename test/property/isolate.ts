import type { Authority, ReadReply } from '../../src/authority/authority.ts';
import { assembleEngine } from '../../src/engine/assemble.ts';
import type { EngineParts } from '../../src/engine/parts.ts';
import { AuthorityUnavailable, OutcomeUnknown } from '../../src/errors.ts';
import type { Runtime } from '../../src/runtime.ts';
import type { Target } from '../../src/tenant/target.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import { MemoryTier } from '../../src/tiers/memory.ts';
import type { Copy, Tier } from '../../src/tiers/tier.ts';
import type { Oracle } from './oracle.ts';
import { SPACE, type Mishap } from './plan.ts';
import type { Lag, RedisModel } from './redis-model.ts';
import { never, type Stage } from './stage.ts';

/** After so long a request is given up, and so much later a late one arrives. */
const DEADLINE_MS = 300;
const LATE_MS = 900;
export const MAX_LOAD_MS = 2400;
export const HARD_TIMEOUT_MS = 2000;
/** Longer than any load, as in every configuration that is accepted. */
export const MAX_UNVERIFIED_MS = 4000;

/** What all isolates of a run share. */
export interface Surroundings {
  readonly stage: Stage;
  readonly redis: RedisModel;
  readonly oracle: Oracle;
  readonly coherenceMs: number;
  readonly viewBytes: number;
  readonly knowsAtOnce: boolean;
  /** What happens to the next request, which may be one that stores what a load made. */
  readonly mishap: (isWrite: boolean) => Mishap | undefined;
  /** How old what a plain read answers is. */
  readonly lag: () => Lag;
  /** From 0 to 1. */
  readonly chance: () => number;
  readonly count: (what: string) => void;
  /** In which event the targets of a call of `mark` were marked. */
  readonly markedAt: WeakMap<readonly Target[], number>;
}

/** One life of an isolate: from when it starts until it is thrown away, with all that it was about to do. */
export class Life {
  readonly name: string;
  readonly parts: EngineParts;
  readonly runtime: Runtime;
  readonly gone: Promise<void>;
  /** False where replicas lag: a view that was lost is made anew from one, and then knows its own purges only as others do. */
  readonly knowsAtOnce: boolean;
  /** In which events the last purge of everything has looked for ledgers, and marked each. */
  everything:
    | { readonly scanned: number; readonly marked: ReadonlyMap<TenantId, number> }
    | undefined;
  readonly #around: Surroundings;
  readonly #end: () => void;
  #isGone = false;
  #skewMs: number;

  /** @param colo the data centre's cache; undefined for none */
  constructor(
    name: string,
    around: Surroundings,
    colo: Map<string, Copy> | undefined,
    skewMs: number,
  ) {
    this.name = name;
    this.#around = around;
    this.#skewMs = skewMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.knowsAtOnce = around.knowsAtOnce;
    this.#end = resolve;
    const { stage } = around;
    this.runtime = {
      now: () => stage.now() + this.#skewMs,
      random: around.chance,
      randomId: () => stage.event().toString(16).padStart(32, '0'),
      sleep: (ms, signal) => this.#alive(stage.sleep(ms, signal)),
      waitUntil: (work) => void work.catch(() => undefined),
    };
    const memory = new MemoryTier({ bytes: 4e6, lifetimeMs: 1e9 });
    const { partsWith } = assembleEngine({
      keys: SPACE,
      redis: { url: 'http://127.0.0.1:1', token: 'none', timeoutMs: DEADLINE_MS, need: 'optional' },
      tiers: [],
      coherenceMs: around.coherenceMs,
      maxUnverifiedMs: MAX_UNVERIFIED_MS,
      memoryBytes: 4 * around.viewBytes,
      maxEntryBytes: 1e6,
      maxLifetimeMs: 1e9,
      maxLoadMs: MAX_LOAD_MS,
      compressionThreshold: undefined,
      encryptionKeys: [],
      enabled: true,
      clock: this.runtime,
      sink: () => undefined,
    });
    this.parts = partsWith(this.#authority(), colo ? [memory, this.#regional(colo)] : [memory]);
  }

  end(): void {
    this.#isGone = true;
    this.#end();
  }

  setClock(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  #alive<T>(work: Promise<T>): Promise<T> {
    return work.then(
      (value) => (this.#isGone ? never<T>() : value),
      (error: unknown) => {
        if (this.#isGone) return never<T>();
        throw error;
      },
    );
  }

  /** One request to Redis: there, done in one step, and back. */
  #ask<T>(
    label: string,
    work: () => T,
    Lost: typeof AuthorityUnavailable | typeof OutcomeUnknown = AuthorityUnavailable,
  ): Promise<T> {
    const { stage, mishap, count } = this.#around;
    const happens = mishap(label.startsWith('commit'));
    if (happens) count(happens);
    const timer = new AbortController();
    const carriedOut = async (): Promise<T> => {
      if (happens === 'lost') return never();
      if (happens === 'late') await stage.sleep(DEADLINE_MS + LATE_MS);
      await stage.arrive(`${this.name} ${label}`);
      const answer = work();
      if (happens === 'unanswered') return never();
      await stage.arrive(`${this.name} ${label} answered`);
      timer.abort();
      return answer;
    };
    // Whoever asked is gone, and so is their timer: others of the isolate may wait for this.
    if (happens === 'abandoned') {
      carriedOut().catch(() => undefined);
      return never();
    }
    const givenUp = stage.sleep(DEADLINE_MS, timer.signal).then((): never => {
      throw new Lost('No answer.');
    });
    return this.#alive(Promise.race([carriedOut(), givenUp]));
  }

  #authority(): Authority {
    const { redis, oracle, lag, count, markedAt } = this.#around;
    const lifetimeOf = ({ expiresAt }: { readonly expiresAt: number }): number =>
      expiresAt - this.runtime.now();
    const noticed = <T extends { readonly epoch: string }>(ledger: T): T => {
      if (this.knowsAtOnce) oracle.noticed(this, ledger.epoch);
      return ledger;
    };
    const confirm: Authority['confirm'] = (tenant, cursor) =>
      this.#ask(`confirm ${tenant}`, () => redis.confirm(tenant, cursor));
    return {
      name: 'redis',
      local: false,
      read: (tenant, keys, since, heads) =>
        this.#ask(`read ${tenant}${keys.length > 0 ? '' : ' (poll)'}`, (): ReadReply => {
          if (heads) count('heads read');
          return redis.read(tenant, keys, since, heads, lag());
        }),
      heads: (since) =>
        this.#ask('heads', () => {
          count('heads alone read');
          return redis.heads(since, lag());
        }),
      confirm: async (tenant, cursor) => noticed(await confirm(tenant, cursor)),
      mark: async (tenant, targets, mode, cursor, once) => {
        const { reply, event } = await this.#ask(`mark ${mode} ${tenant} ${targets.join()}`, () =>
          redis.mark(tenant, targets, mode, cursor, once, (key) => SPACE.key(tenant, key).name),
        );
        markedAt.set(targets, event);
        noticed(reply.ledger);
        return reply;
      },
      markEverything: async (mode) => {
        const { scanned, tenants } = await this.#ask('scan', () => ({
          scanned: this.#around.stage.event(),
          tenants: redis.tenants,
        }));
        const marked = new Map<TenantId, number>();
        for (const tenant of tenants) {
          const { event } = await this.#ask(`mark ${mode} ${tenant} *`, () =>
            redis.mark(tenant, ['*'], mode, undefined, undefined, String),
          );
          marked.set(tenant, event);
        }
        await this.#ask('forget heads', () => redis.evictHeads());
        this.everything = { scanned, marked };
        return { tenants: tenants.length };
      },
      commit: async (writes) => {
        const tenant = writes[0]?.key.tenant;
        const outcomes = await this.#ask(
          `commit ${writes.map(({ key, entry }) => `${key.fullName} ${entry.etag}`).join()}`,
          () =>
            redis.commit(
              writes,
              writes.map(({ entry }) => lifetimeOf(entry)),
            ),
        );
        if (tenant && outcomes.includes('unopened'))
          await confirm(tenant, undefined).catch(() => undefined);
        return outcomes.map((outcome) => {
          count(`commit ${outcome}`);
          return outcome === 'unopened' ? 'epoch' : outcome;
        });
      },
      supersede: async (writes) => {
        for (const { draft } of writes) oracle.sent(draft.etag, this.#around.stage.event());
        const send = (): ReturnType<RedisModel['supersede']>[] =>
          writes.map((write) => {
            const done = redis.supersede(write, lifetimeOf(write.draft));
            if (done.outcome.stored) oracle.wasSet(write.draft.etag, done.event);
            return done;
          });
        const label = `supersede ${writes.map(({ draft }) => draft.etag).join()}`;
        return (await this.#ask(label, send, OutcomeUnknown)).map(({ outcome }) => outcome);
      },
      touch: async (key, retime) => {
        const reading = (): ReadReply => redis.read(key.tenant, [key], 0, undefined, lag());
        const { entries } = await this.#ask(`touch ${key.fullName}: read`, reading);
        const [was] = entries;
        const retimed = was && retime(was);
        if (!was || !retimed) return was ? 'refused' : 'absent';
        const outcome = await this.#ask(
          `touch ${key.fullName}: store`,
          () => redis.touch(key, was, retimed, lifetimeOf(retimed)),
          OutcomeUnknown,
        );
        if (outcome === 'unopened') await confirm(key.tenant, undefined).catch(() => undefined);
        count(`touch ${outcome}`);
        return outcome === 'unopened' ? 'epoch' : outcome;
      },
      lease: (key, token, ttlMs, since) =>
        this.#ask(`lease ${key.fullName}`, () => ({
          acquired: redis.lease(key, token, ttlMs),
          ...redis.read(key.tenant, [key], since, undefined, lag()),
        })),
      release: (key, token) =>
        this.#ask(`release ${key.fullName}`, () => redis.release(key, token)),
      examine: () => Promise.reject(new Error('Nobody examines.')),
      sample: () => Promise.reject(new Error('Nobody samples.')),
    };
  }

  /** The data centre's cache: each call arrives when it arrives. */
  #regional(colo: Map<string, Copy>): Tier {
    const { stage } = this.#around;
    const call = async <T>(label: string, work: () => T): Promise<T> => {
      await this.#alive(stage.arrive(`${this.name} ${label}`));
      return work();
    };
    return {
      name: 'regional',
      local: false,
      lifetimeMs: 1e9,
      get: async (key) => {
        const copy = await call(`regional get ${key.fullName}`, () => colo.get(key.name));
        return copy && { ...copy };
      },
      put: (copy) =>
        call(`regional put ${copy.key.fullName} ${copy.entry.etag}`, () => {
          colo.set(copy.key.name, { ...copy, heldAt: 0, prepared: undefined });
        }),
      delete: (key) => call(`regional delete ${key.fullName}`, () => void colo.delete(key.name)),
    };
  }
}
