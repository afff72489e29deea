import type { EntryDraft } from '../../src/codec/entry.ts';
import type { Face } from '../../src/engine/face.ts';
import type { Found } from '../../src/engine/found.ts';
import type { Loaded } from '../../src/engine/load.ts';
import { lookup } from '../../src/engine/lookup.ts';
import { lookupMany } from '../../src/engine/lookup-many.ts';
import { obtain, obtainAnew } from '../../src/engine/obtain.ts';
import { obtainMany } from '../../src/engine/obtain-many.ts';
import type { EngineParts } from '../../src/engine/parts.ts';
import { peek } from '../../src/engine/peek.ts';
import type { ReadPolicy } from '../../src/engine/policy.ts';
import { purgeEverything, purgeOnce } from '../../src/engine/purge.ts';
import { stampOf, supersede } from '../../src/engine/supersede.ts';
import { touch } from '../../src/engine/touch.ts';
import { AuthorityUnavailable, LoadFailed } from '../../src/errors.ts';
import type { Runtime } from '../../src/runtime.ts';
import type { TelemetryEvent } from '../../src/telemetry/events.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { keyTarget, type PurgeMode, type Target } from '../../src/tenant/target.ts';
import type { Prepared } from '../../src/tiers/tier.ts';
import { HARD_TIMEOUT_MS, type Life, type Surroundings } from './isolate.ts';
import type { Bounds, Due } from './oracle.ts';
import { KEYS, SPACE, TAGS, TENANTS, type Plan, type Step } from './plan.ts';
import { never } from './stage.ts';

const ATTEMPTS = 3;
const LEASE = { ttlMs: 2500, waitMs: 400 };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Does in one life of an isolate what a step says, and holds what it is given against the oracle. */
export class Player {
  readonly #plan: Plan;
  readonly #around: Surroundings;
  readonly #bounds: Bounds;

  constructor(plan: Plan, around: Surroundings, bounds: Bounds) {
    this.#plan = plan;
    this.#around = around;
    this.#bounds = bounds;
  }

  async perform(life: Life, step: Step): Promise<void> {
    const { stage, oracle, count } = this.#around;
    const { key, tags } = subject(step);
    const { tenant } = key;
    const events: TelemetryEvent[] = [];
    const parts: EngineParts = { ...life.parts, sink: (event) => void events.push(event) };
    const { runtime } = life;
    const due = oracle.due(life, stage.now(), this.#bounds);
    const policy = this.#policy();
    const face = this.#face(life);
    const load = (of: CacheKey, stale: Found | undefined): Promise<Loaded> =>
      this.#load(life, step, of, stale, due);
    const source = {
      key,
      face,
      policy,
      load: ({ stale }: { stale: Found | undefined }) => load(key, stale),
    };
    const served = (draft: EntryDraft, { value }: Prepared, of: CacheKey): void => {
      const own = events.filter((event) => 'key' in event && event.key === of.key);
      const flagged = own.some(
        (event) =>
          (event.type === 'hit' && !event.verified) ||
          (event.type === 'miss' && event.reason === 'unavailable'),
      );
      const fresh = !own.some(({ type }) => type === 'stale');
      if (flagged && own.some(({ type }) => type === 'hit' || type === 'stale'))
        count('served unverified');
      if (!fresh) count('served stale');
      for (const event of own) if (event.type === 'hit') count(`hit ${event.tier}`);
      oracle.served(
        {
          how: `${step.does} in ${life.name}`,
          key: of,
          etag: draft.etag,
          text: value,
          fresh,
          flagged,
        },
        due,
      );
    };
    const found = (one: Found, fresh: boolean): void => {
      count(fresh ? `hit ${one.tier}` : 'served stale');
      if (!one.verified) count('served unverified');
      const { etag } = one.entry;
      const how = `${step.does} in ${life.name}`;
      const text = one.prepared.value;
      oracle.served({ how, key, etag, text, fresh, flagged: !one.verified }, due);
    };

    switch (step.does) {
      case 'obtain':
      case 'refresh': {
        const read = step.does === 'obtain' ? obtain : obtainAnew;
        const { draft, prepared } = await read(parts, source, runtime);
        served(draft, prepared, key);
        return;
      }
      case 'sweep': {
        for (const tenantAt of TENANTS.keys())
          await this.perform(life, { ...step, does: 'obtain', tenant: tenantAt, loadMs: 0 });
        return;
      }
      case 'batch': {
        const all = KEYS.map((name) => SPACE.key(tenant, name));
        const made = await obtainMany(
          parts,
          tenant,
          all,
          {
            face,
            policy,
            load: async (wanted) => {
              const values = await Promise.all(wanted.map((one) => load(one.key, one.stale)));
              return values.map((value) => (value.gone ? undefined : value));
            },
          },
          runtime,
        );
        all.forEach((of, at) => {
          const one = made[at];
          if (one) served(one.draft, one.prepared, of);
        });
        return;
      }
      case 'look':
      case 'lookMany': {
        const near = step.does === 'look' ? peek(parts, key, runtime.now()) : undefined;
        if (near) {
          found(near, near.state === 'fresh');
          return;
        }
        const [first] =
          step.does === 'look'
            ? [await lookup(parts, key, face, runtime)]
            : await lookupMany(parts, tenant, [key], face, runtime);
        if (first?.found) found(first, true);
        else if (first?.stale) found(first.stale, false);
        return;
      }
      case 'set':
      case 'setLater': {
        const knownAs = step.does === 'set' ? undefined : await stampOf(parts, key, runtime);
        const { etag, text } = oracle.make(knownAs && stage.event(), tags);
        if (knownAs) await this.#takeTime(life, 'a computation', step.loadMs);
        const draft = this.#draft(life, text, etag, tags, runtime.now());
        const setting = { key, draft, prepared: textual(text), lifetimes: undefined };
        const [outcome] = await supersede(parts, [setting], knownAs, runtime);
        const event = oracle.setAt(etag);
        count(outcome?.stored ? 'stored by set' : 'superseded');
        if (outcome?.stored && event !== undefined)
          this.#acknowledged(life, keyTarget(key.key), 'hard', event, key);
        return;
      }
      case 'touch': {
        await touch(parts, key, () => this.#draft(life, '', undefined, [], runtime.now()), runtime);
        return;
      }
      case 'delete':
      case 'purge': {
        const target = step.does === 'delete' ? keyTarget(key.key) : step.target;
        const mode = step.does === 'delete' ? 'hard' : step.mode;
        const once = { id: `message ${stage.event()}`, ttlMs: 60_000 };
        const targets = [target];
        await this.#insist(() =>
          purgeOnce(
            parts,
            tenant,
            targets,
            mode,
            this.#around.chance() < 0.5 ? once : undefined,
            runtime,
          ),
        );
        const event = this.#around.markedAt.get(targets);
        if (event !== undefined) this.#acknowledged(life, target, mode, event, key);
        return;
      }
      case 'everything': {
        const began = stage.event();
        await this.#insist(() => purgeEverything(parts, step.mode));
        const scanned = life.everything?.scanned ?? began;
        const marked = life.everything?.marked;
        const acknowledgedAt = stage.now();
        for (const of of TENANTS) {
          // Of a ledger that is made while it looks for them nothing is older than the call.
          const [event, carriedOut] = [marked?.get(of) ?? began, marked?.get(of) ?? scanned];
          const { mode } = step;
          const cut = { tenant: of, target: '*', mode, event, carriedOut } as const;
          oracle.cut({ ...cut, acknowledgedAt, by: life.knowsAtOnce ? life : undefined });
        }
        return;
      }
      case 'vanish': {
        // Its client is gone: nothing of the request settles, none of its timers fires.
        const gone: Runtime = { ...runtime, sleep: never<void>, waitUntil: () => undefined };
        obtain(parts, { ...source, load: never }, gone).catch(() => undefined);
        return;
      }
      default:
    }
  }

  /** A purge whose reply was lost is repeated, as whoever asked for it is told to. */
  async #insist<T>(purge: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await purge();
      } catch (error) {
        if (!(error instanceof AuthorityUnavailable) || attempt === ATTEMPTS) throw error;
        this.#around.count('purge repeated');
      }
    }
  }

  #acknowledged(
    life: Life,
    target: Target,
    mode: PurgeMode,
    event: number,
    { tenant }: CacheKey,
  ): void {
    const { oracle, stage } = this.#around;
    const acknowledgedAt = stage.now();
    oracle.cut({
      tenant,
      target,
      mode,
      event,
      acknowledgedAt,
      by: life.knowsAtOnce ? life : undefined,
    });
  }

  async #load(
    life: Life,
    step: Step,
    key: CacheKey,
    stale: Found | undefined,
    due: Due,
  ): Promise<Loaded> {
    const { oracle, stage, count } = this.#around;
    const startedAt = life.runtime.now();
    const tags = tagsOf(key);
    const began = stage.event();
    if (stale) {
      const { entry, verified } = stale;
      const text = stale.prepared.value;
      const how = `a loader in ${life.name}`;
      const given = { how, key, etag: entry.etag, text, fresh: false, flagged: !verified };
      oracle.served(given, due);
    }
    await this.#takeTime(life, `source of ${key.fullName}`, step.loadMs);
    if (step.source === 'fails') throw new LoadFailed('The source failed.');
    const gone = step.source === 'gone';
    const holds = this.#plan.revalidates && !gone && stale !== undefined;
    if (holds) count('revalidated');
    // It still holds, its source says: the same value, of a new load.
    const still = holds ? String(stale.prepared.value) : undefined;
    const { etag, text } = oracle.make(began, tags, still);
    return {
      draft: this.#draft(life, text, etag, tags, startedAt),
      prepared: holds ? stale.prepared : textual(text),
      store: !gone,
      gone,
    };
  }

  async #takeTime(life: Life, label: string, ms: number): Promise<void> {
    if (ms > 0) await life.runtime.sleep(ms);
    else await this.#around.stage.arrive(`${life.name} ${label}`);
  }

  #draft(
    life: Life,
    text: string,
    etag: string | undefined,
    tags: readonly string[],
    startedAt: number,
  ): EntryDraft {
    const now = life.runtime.now();
    const { ttl } = this.#plan;
    const { swr = 0, sie = 0 } = this.#plan.stale;
    const freshUntil = now + ttl;
    return {
      value: encoder.encode(text),
      form: { type: 'value', contentType: 'text/plain' },
      etag,
      createdAt: now,
      freshUntil,
      staleUntil: freshUntil + swr,
      staleIfErrorUntil: freshUntil + sie,
      expiresAt: freshUntil + Math.max(swr, sie),
      lifeUntil: now + 1e9,
      tags,
      loadMs: Math.max(1, now - startedAt),
    };
  }

  #policy(): ReadPolicy {
    const { early, soft, leased } = this.#plan;
    return {
      earlyRefresh: early ? 1e7 : 0,
      softTimeoutMs: soft,
      hardTimeoutMs: HARD_TIMEOUT_MS,
      throttleMs: 50,
      lease: leased ? LEASE : undefined,
      lifetimes: undefined,
    };
  }

  #face(life: Life): Face {
    const { stage } = this.#around;
    const textOf = ({ value }: EntryDraft): Prepared => textual(decoder.decode(value));
    return {
      prepare: (key, entry) =>
        this.#plan.slowFace
          ? stage
              .arrive(`${life.name} prepares ${key.fullName} ${entry.etag}`)
              .then(() => textOf(entry))
          : textOf(entry),
    };
  }
}

function textual(value: string): Prepared {
  return { bytes: 2 * value.length + 16, value };
}

function subject({ tenant, key }: Step): { key: CacheKey; tags: readonly string[] } {
  const id = TENANTS[tenant];
  const name = KEYS[key];
  if (!id || name === undefined) throw new Error('There is no such tenant or key.');
  return { key: SPACE.key(id, name), tags: TAGS[key] ?? [] };
}

function tagsOf({ key }: CacheKey): readonly string[] {
  return TAGS[KEYS.indexOf(key)] ?? [];
}
