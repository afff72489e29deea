import type { Authority } from '../../../src/authority/authority.ts';
import { InIsolateAuthority } from '../../../src/authority/in-isolate.ts';
import type { EntryDraft } from '../../../src/codec/entry.ts';
import { Coherence } from '../../../src/coherence/coherence.ts';
import type { Face } from '../../../src/engine/face.ts';
import { Failures } from '../../../src/engine/failures.ts';
import { Flights } from '../../../src/engine/flights.ts';
import { SharedCalls } from '../../../src/resilience/shared-call.ts';
import type { LoadContext, Loaded, Source } from '../../../src/engine/load.ts';
import { obtain } from '../../../src/engine/obtain.ts';
import type { EngineParts } from '../../../src/engine/parts.ts';
import type { ReadPolicy } from '../../../src/engine/policy.ts';
import { purge } from '../../../src/engine/purge.ts';
import type { Runtime } from '../../../src/runtime.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';
import { KeySpace, type CacheKey } from '../../../src/tenant/key.ts';
import { keyTarget, type PurgeMode, type Target } from '../../../src/tenant/target.ts';
import { MemoryTier } from '../../../src/tiers/memory.ts';
import type { Prepared, Tier } from '../../../src/tiers/tier.ts';
import { MapStore } from '../../support/entry-store.ts';
import { tenantId } from '../support/tenants.ts';
import { turn } from '../support/runtime.ts';
import { never, timeline, type Timeline } from './timeline.ts';

export const acme = tenantId('acme');
export const keys = new KeySpace('tc', 1);
export const key = keys.key(acme, 'n:users:1');

export const MINUTE = 60_000;
export const COHERENCE_MS = 1000;
export const HARD_MS = 10_000;

/** Without any of what a policy may add. */
export const PLAIN: ReadPolicy = {
  earlyRefresh: 0,
  softTimeoutMs: undefined,
  hardTimeoutMs: HARD_MS,
  throttleMs: 5000,
  lease: undefined,
  lifetimes: undefined,
};

/** One load at a time among all isolates. */
export const LEASED: ReadPolicy = { ...PLAIN, lease: { ttlMs: 15_000, waitMs: 5000 } };

/** What a loader of a test may say besides the text: distances in milliseconds, each from the end of the one before. */
export interface Making {
  readonly ttl?: number;
  readonly swr?: number;
  readonly sie?: number;
  readonly life?: number;
  readonly tags?: readonly string[];
  readonly store?: boolean;
  readonly policy?: Partial<ReadPolicy>;
  readonly face?: Face;
}

export type TextLoader = (context: LoadContext) => string | Promise<string>;

export interface Isolate {
  readonly parts: EngineParts;
  readonly memory: MemoryTier;
  readonly runtime: Runtime;
  readonly events: TelemetryEvent[];
  /** What the authority was asked by this isolate, in order. */
  readonly asked: string[];
  /** Reads through; the loader's text, or the stored one. */
  obtain(load: TextLoader, making?: Making, of?: CacheKey): Promise<string>;
  source(load: TextLoader, making?: Making, of?: CacheKey): Source;
  /** Begins a load in a request that its platform then ends: nothing of it settles, none of its timers fires. */
  vanish(making?: Making, of?: CacheKey): Promise<void>;
  purge(targets?: readonly Target[], mode?: PurgeMode): Promise<number>;
  /** Names of the events so far, those of one type with what tells them apart. */
  count(type: TelemetryEvent['type'], reason?: string): number;
  /** Waits for what was handed to `waitUntil`, and what that adds. */
  settle(): Promise<void>;
}

export interface IsolateOptions {
  /** Stands between the engine and its authority. */
  readonly wrap?: (authority: Authority) => Partial<Authority>;
  /** Instead of memory alone. */
  readonly tiers?: (memory: MemoryTier) => readonly Tier[];
}

export interface World {
  readonly time: Timeline;
  readonly authority: Authority;
  readonly store: MapStore;
  readonly isolate: (options?: IsolateOptions) => Isolate;
}

const decoder = new TextDecoder();

/** Serves the text of an entry; memory then needs its bytes no more. */
export const textFace: Face = { prepare: (_, entry) => preparedText(textOf(entry)) };

export const textOf = (entry: EntryDraft): string => decoder.decode(entry.value);

export function preparedText(value: string): Prepared {
  return { bytes: 2 * value.length + 16, value };
}

/** Several isolates over one authority, which each of them takes for one outside of it. */
export function world({ coherenceMs = COHERENCE_MS } = {}): World {
  const time = timeline();
  const store = new MapStore();
  const retention = { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 };
  const authority = new InIsolateAuthority(time, { store, keys, retention });
  return {
    time,
    authority,
    store,
    isolate: (options = {}) => makeIsolate(time, authority, coherenceMs, options),
  };
}

export function draftOf(now: number, text: string, making: Making = {}, loadMs = 0): EntryDraft {
  const { ttl = MINUTE, swr = 0, sie = 0, life = 1e9, tags = [] } = making;
  const freshUntil = now + ttl;
  return {
    value: new TextEncoder().encode(text),
    form: { type: 'value', contentType: 'text/plain' },
    etag: undefined,
    createdAt: now,
    freshUntil,
    staleUntil: freshUntil + swr,
    staleIfErrorUntil: freshUntil + sie,
    expiresAt: freshUntil + Math.max(swr, sie),
    lifeUntil: now + life,
    tags,
    loadMs,
  };
}

/** The authority, as one outside the isolate; notes what it is asked. */
function remote(real: Authority, changed: Partial<Authority>, asked: string[]): Authority {
  const note = <Args extends readonly unknown[], T>(
    name: string,
    call: (...args: Args) => Promise<T>,
  ): ((...args: Args) => Promise<T>) => {
    return (...args) => {
      asked.push(name);
      return call(...args);
    };
  };
  return {
    name: 'redis',
    local: false,
    read: note('read', changed.read ?? ((...args) => real.read(...args))),
    heads: note('heads', changed.heads ?? ((...args) => real.heads(...args))),
    confirm: note('confirm', changed.confirm ?? ((...args) => real.confirm(...args))),
    mark: note('mark', changed.mark ?? ((...args) => real.mark(...args))),
    markEverything: note(
      'markEverything',
      changed.markEverything ?? ((...args) => real.markEverything(...args)),
    ),
    commit: note('commit', changed.commit ?? ((...args) => real.commit(...args))),
    supersede: note('supersede', changed.supersede ?? ((...args) => real.supersede(...args))),
    touch: note('touch', changed.touch ?? ((...args) => real.touch(...args))),
    lease: note('lease', changed.lease ?? ((...args) => real.lease(...args))),
    release: note('release', changed.release ?? ((...args) => real.release(...args))),
    examine: note('examine', changed.examine ?? ((...args) => real.examine(...args))),
    sample: note('sample', changed.sample ?? ((...args) => real.sample(...args))),
  };
}

function makeIsolate(
  time: Timeline,
  real: Authority,
  coherenceMs: number,
  { wrap = () => ({}), tiers = (memory) => [memory] }: IsolateOptions,
): Isolate {
  const events: TelemetryEvent[] = [];
  const asked: string[] = [];
  const behind: Promise<unknown>[] = [];
  const sink = (event: TelemetryEvent): void => void events.push(event);
  const authority = remote(real, wrap(real), asked);
  const memory = new MemoryTier({ bytes: 4e6, lifetimeMs: 1e9 });
  const runtime: Runtime = {
    ...time,
    waitUntil: (work) => void behind.push(work),
  };
  const parts: EngineParts = {
    authority,
    coherence: new Coherence({
      authority,
      coherenceMs,
      maxUnverifiedMs: 30_000,
      viewBytes: 1e6,
      pollWaitMs: 350,
      sink,
    }),
    tiers: tiers(memory),
    lookups: new SharedCalls(30_000),
    flights: new Flights(),
    failures: new Failures(),
    sink,
    authorityRequired: false,
    maxLoadMs: 25_000,
    maxEntryBytes: 1e6,
    enabled: true,
  };
  const source: Isolate['source'] = (load, making = {}, of = key) => ({
    key: of,
    face: making.face ?? textFace,
    policy: { ...PLAIN, ...making.policy },
    load: async (context): Promise<Loaded> => {
      const text = await load(context);
      const now = time.now();
      const draft = draftOf(now, text, making, now - context.startedAt);
      return { draft, prepared: preparedText(text), store: making.store ?? true };
    },
  });
  return {
    parts,
    memory,
    runtime,
    events,
    asked,
    source,
    async obtain(load, making, of) {
      const { prepared } = await obtain(parts, source(load, making, of), runtime);
      return prepared.value as string;
    },
    async vanish(making, of) {
      const gone: Runtime = { ...runtime, sleep: never<void>, waitUntil: () => undefined };
      obtain(parts, source(never, making, of), gone).catch(() => undefined);
      await turn();
    },
    purge: (targets = [keyTarget(key.key)], mode = 'hard') =>
      purge(parts, acme, targets, mode, runtime),
    count: (type, reason) =>
      events.filter(
        (event) =>
          event.type === type &&
          (reason === undefined || ('reason' in event && event.reason === reason)),
      ).length,
    async settle() {
      for (let at = 0; at < behind.length; at += 1) await Promise.allSettled([behind[at]]);
    },
  };
}

/** A loader that counts its calls and answers `v1`, `v2` and so on, each after `ms` milliseconds. */
export function counting(
  time?: Timeline,
  ms = 0,
): { readonly load: TextLoader; readonly calls: LoadContext[] } {
  const calls: LoadContext[] = [];
  return {
    calls,
    load: async (context) => {
      calls.push(context);
      const text = `v${calls.length}`;
      if (time) await time.sleep(ms);
      return text;
    },
  };
}
