import type { Authority, Retention } from '../../src/authority/authority.ts';
import { guardAuthority } from '../../src/authority/guarded.ts';
import { Coherence } from '../../src/coherence/coherence.ts';
import type { EntryDraft } from '../../src/codec/entry.ts';
import { FrameCodec } from '../../src/codec/frame.ts';
import { NOTHING, plainFace } from '../../src/engine/face.ts';
import { Failures } from '../../src/engine/failures.ts';
import { fill, type FillOutcome } from '../../src/engine/fill.ts';
import { Flights } from '../../src/engine/flights.ts';
import { SharedCalls } from '../../src/resilience/shared-call.ts';
import type { Lookup } from '../../src/engine/found.ts';
import { lookup } from '../../src/engine/lookup.ts';
import type { EngineParts } from '../../src/engine/parts.ts';
import { purge } from '../../src/engine/purge.ts';
import { Guard } from '../../src/resilience/guard.ts';
import { platformClock, type Runtime } from '../../src/runtime.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import type { PurgeMode, Target } from '../../src/tenant/target.ts';
import { guardTier } from '../../src/tiers/guarded.ts';
import { MemoryTier } from '../../src/tiers/memory.ts';
import { RegionalTier } from '../../src/tiers/regional.ts';
import type { TestEndpoint } from './control.ts';
import { text } from './entries.ts';
import { redisWorld } from './redis-world.ts';

/** The engine of one isolate over a real Redis and a real regional cache, without HTTP around it. */
export interface EngineIsolate {
  readonly authority: Authority;
  lookup(key: CacheKey): Promise<Lookup>;
  /** What a reader gets: the tier that has the key and its text, or `miss` and why. */
  read(key: CacheKey): Promise<string>;
  /** Looks up, and has not loaded yet; the answer stores what the load made, and waits for its commit. */
  beginLoad(key: CacheKey): Promise<(value: EntryDraft) => Promise<FillOutcome>>;
  purge(target: Target, key: CacheKey, mode?: PurgeMode): Promise<number>;
  /** Moves the clock of this isolate. */
  advance(ms: number): void;
}

/** Makes isolates that share one Redis; those of one data centre share its cache. A view may have a quarter of `viewBytes`. */
export function engineIsolate(
  endpoint: TestEndpoint,
  retention: Retention,
  coherenceMs: number,
  dataCentre = 'engine',
  viewBytes = 1_048_576,
): EngineIsolate {
  const world = redisWorld(endpoint, retention);
  const { advance, events } = world;
  let skew = 0;
  const behind: Promise<unknown>[] = [];
  const runtime: Runtime = {
    ...platformClock,
    now: () => Date.now() + skew,
    waitUntil: (work) => void behind.push(work),
  };
  const guard = (name: string): Guard => new Guard({ name, deadlineMs: 10_000, clock: runtime });
  const authority = guardAuthority(world.authority, guard('redis'));
  const settled = async (): Promise<void> => {
    while (behind.length > 0) await Promise.all(behind.splice(0));
  };
  const sink = (event: (typeof events)[number]): void => void events.push(event);
  const coherence = new Coherence({
    authority,
    coherenceMs,
    maxUnverifiedMs: 30_000,
    viewBytes,
    pollWaitMs: 15_100,
    sink,
  });
  const parts: EngineParts = {
    authority,
    coherence,
    tiers: [
      new MemoryTier({ bytes: 1_048_576, lifetimeMs: 600_000 }),
      guardTier(
        new RegionalTier({
          cache: () => caches.open(dataCentre),
          base: () => 'https://engine.test',
          lifetimeMs: 3_600_000,
          frames: new FrameCodec(),
          sink,
        }),
        guard('regional'),
      ),
    ],
    lookups: new SharedCalls(30_000),
    flights: new Flights(),
    failures: new Failures(),
    sink,
    authorityRequired: false,
    maxLoadMs: 25_000,
    enabled: true,
    maxEntryBytes: 1_048_576,
  };
  const look = async (key: CacheKey): Promise<Lookup> => {
    const found = await lookup(parts, key, plainFace, runtime);
    await settled();
    return found;
  };
  return {
    authority,
    lookup: look,
    async read(key) {
      const found = await look(key);
      return found.found ? `${found.tier}: ${text(found.entry)}` : `miss: ${found.reason}`;
    },
    async beginLoad(key) {
      const found = await look(key);
      if (found.found) throw new Error(`There is an entry in ${found.tier} already.`);
      const startedAt = runtime.now();
      return async (draft) => {
        const load = { key, draft, prepared: NOTHING, stamp: found.stamp, startedAt };
        const outcome = fill(parts, load, runtime);
        await settled();
        return outcome;
      };
    },
    purge: (target, key, mode = 'hard') => purge(parts, key.tenant, [target], mode, runtime),
    advance(ms) {
      skew += ms;
      advance(ms);
    },
  };
}
