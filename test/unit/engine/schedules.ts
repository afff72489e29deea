import * as fc from 'fast-check';
import type { Authority } from '../../../src/authority/authority.ts';
import { assembleEngine } from '../../../src/engine/assemble.ts';
import type { Face } from '../../../src/engine/face.ts';
import type { Found } from '../../../src/engine/found.ts';
import type { Loaded } from '../../../src/engine/load.ts';
import { lookup } from '../../../src/engine/lookup.ts';
import { lookupMany } from '../../../src/engine/lookup-many.ts';
import { obtain, obtainAnew } from '../../../src/engine/obtain.ts';
import { obtainMany } from '../../../src/engine/obtain-many.ts';
import type { EngineParts } from '../../../src/engine/parts.ts';
import { peek } from '../../../src/engine/peek.ts';
import type { ReadPolicy } from '../../../src/engine/policy.ts';
import { purge, purgeEverything } from '../../../src/engine/purge.ts';
import { supersede } from '../../../src/engine/supersede.ts';
import { touch } from '../../../src/engine/touch.ts';
import { AuthorityUnavailable, OutcomeUnknown } from '../../../src/errors.ts';
import type { Runtime } from '../../../src/runtime.ts';
import type { CacheKey } from '../../../src/tenant/key.ts';
import { keyTarget, prefixTarget, tagTarget, type Target } from '../../../src/tenant/target.ts';
import type { Copy, Tier } from '../../../src/tiers/tier.ts';
import { KEYS, Oracle, TAGS } from './schedule-oracle.ts';
import { regionalTier } from './schedule-regional.ts';
import { never, type Timeline } from './timeline.ts';
import { acme, draftOf, keys, LEASED, PLAIN, preparedText, textFace, world } from './world.ts';

const TARGETS: readonly Target[] = [
  ...KEYS.map(({ key }) => keyTarget(key)),
  ...['t', 'u'].map(tagTarget),
  ...['n:a', 'n'].map(prefixTarget),
  '*',
];

/** One thing that one of several callers does in one of the isolates, `wait` after what the caller did before. */
interface Step {
  readonly does: (typeof ACTS)[number];
  readonly isolate: number;
  readonly key: number;
  readonly target: Target;
  readonly mode: 'hard' | 'soft';
  readonly wait: number;
}

const ACTS = [
  ...(['obtain', 'obtain', 'look', 'look', 'look', 'lookMany', 'batch', 'refresh'] as const),
  ...(['set', 'touch', 'purge', 'purge', 'everything', 'vanish'] as const),
];

/** How long something takes: so many turns of the microtask queue; from 8 on milliseconds. */
const turns = fc.nat(7);
const wait = fc.oneof(turns, fc.integer({ min: 8, max: 60 }));
const lengths = { minLength: 20, maxLength: 20 };
const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom(...ACTS),
  isolate: fc.constantFrom(0, 1, 1, 2),
  key: fc.constantFrom(0, 0, 0, 1, 2),
  target: fc.constantFrom(...TARGETS),
  mode: fc.constantFrom('hard', 'hard', 'soft'),
  wait,
});
export const schedule = fc.record({
  stores: fc.constantFrom('shared', 'regional', 'regional', 'isolate'),
  isolates: fc.constantFrom(2, 3),
  coherenceMs: fc.constantFrom(0, 60, 1000),
  ttl: fc.constantFrom(30, 60_000),
  stale: fc.constantFrom<{ swr?: number; sie?: number }>({}, { swr: 1e6 }, { sie: 1e6 }),
  leased: fc.boolean(),
  slowFace: fc.boolean(),
  /** Some requests fail, and of some the reply is lost. */
  flaky: fc.constantFrom(false, false, true),
  /** Isolate 0 has loaded all of the keys before anything else happens. */
  filled: fc.boolean(),
  // The narrowest gaps are met where everything happens between two turns of the event loop.
  waits: fc.oneof(fc.array(turns, lengths), fc.array(wait, lengths)),
  callers: fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 }),
});
export type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;

interface Place {
  readonly parts: EngineParts;
  readonly runtime: Runtime;
}

/** As the world has it. */
const MAX_UNVERIFIED_MS = 30_000;

type Requests = Omit<Authority, 'name' | 'local'>;

/** Carries a schedule out, in virtual time, and answers what was served that should not have been. */
export async function carryOut(plan: Schedule): Promise<readonly string[]> {
  const oracle = new Oracle();
  const { time, isolate } = world({ coherenceMs: plan.coherenceMs });
  let waits = 0;
  const pause = async (long = true): Promise<void> => {
    waits += 1;
    const length = plan.waits[waits % plan.waits.length] ?? 0;
    await waitFor(time, long || length < 8 ? length : length % 4);
  };
  const alone = plan.stores === 'isolate';
  // While checks fail, others are bound to less.
  const boundMs = plan.flaky ? MAX_UNVERIFIED_MS : plan.coherenceMs;
  /** Requests take their time on the way there and on the way back. Inside one isolate there is no way. */
  const wrap = (real: Authority): Requests => {
    const slow =
      <A extends readonly unknown[], T>(
        call: (...args: A) => Promise<T>,
        Lost: typeof AuthorityUnavailable | typeof OutcomeUnknown = AuthorityUnavailable,
      ) =>
      async (...args: A): Promise<T> => {
        await pause(!alone);
        if (plan.flaky && waits % 7 === 0) throw new AuthorityUnavailable('down');
        const answer = await call(...args);
        await pause(!alone);
        if (plan.flaky && waits % 11 === 0) throw new Lost('the reply was lost');
        return answer;
      };
    return {
      read: slow(real.read.bind(real)),
      heads: slow(real.heads.bind(real)),
      confirm: slow(real.confirm.bind(real)),
      touch: slow(real.touch.bind(real), OutcomeUnknown),
      lease: slow(real.lease.bind(real)),
      release: slow(real.release.bind(real)),
      examine: slow(real.examine.bind(real)),
      sample: slow(real.sample.bind(real)),
      commit: slow(real.commit.bind(real), OutcomeUnknown),
      mark: slow(async (...args) => {
        const answer = await real.mark(...args);
        oracle.newest = Math.max(oracle.newest, answer.seq);
        return answer;
      }),
      markEverything: slow(real.markEverything.bind(real)),
      supersede: slow(async (writes) => {
        const outcomes = await real.supersede(writes);
        for (const one of outcomes)
          if (one.stored) oracle.newest = Math.max(oracle.newest, one.stamp.asOf);
        return outcomes;
      }, OutcomeUnknown),
    };
  };
  const colo = new Map<string, Copy>();
  const regional = regionalTier(colo, pause);
  const tiers = plan.stores === 'regional' ? { tiers: (near: Tier) => [near, regional] } : {};
  const places: Place[] = alone
    ? [inIsolate(time, plan.coherenceMs, wrap)]
    : Array.from({ length: plan.isolates }, () => isolate({ wrap, ...tiers }));
  const face: Face = {
    prepare: (...args) =>
      plan.slowFace ? pause().then(() => textFace.prepare(...args)) : textFace.prepare(...args),
  };
  const policy: ReadPolicy = plan.leased ? LEASED : PLAIN;

  const perform = async (at: number, { does, key: nth, target, mode }: Step): Promise<void> => {
    const { parts, runtime } = places[at] ?? fail();
    const key = KEYS[nth] ?? fail();
    const due = oracle.due(at, time.now(), boundMs);
    const draft = (of: CacheKey, text: string) =>
      draftOf(time.now(), text, { ttl: plan.ttl, ...plan.stale, tags: TAGS.get(of.key) ?? [] });
    const acknowledged = (seq: number, hard: boolean, ...targets: readonly Target[]): void => {
      const acknowledgedAt = time.now();
      oracle.cuts.push({ at: seq, hard, targets: new Set(targets), isolate: at, acknowledgedAt });
    };
    const make = async (of: CacheKey, stale: Found | undefined): Promise<Loaded> => {
      const text = oracle.make();
      const known = oracle.cuts.filter(({ isolate: by }) => by === at);
      oracle.served('a loader', of, stale?.prepared.value, known, true);
      await pause();
      return { draft: draft(of, text), prepared: preparedText(text), store: true };
    };
    const source = {
      key,
      face,
      policy,
      load: ({ stale }: { stale: Found | undefined }) => make(key, stale),
    };
    switch (does) {
      case 'obtain':
      case 'refresh': {
        const read = does === 'obtain' ? obtain : obtainAnew;
        const { prepared } = await read(parts, source, runtime);
        oracle.served(does, key, prepared.value, due, true);
        return;
      }
      case 'vanish': {
        const gone: Runtime = { ...runtime, sleep: never<void>, waitUntil: () => undefined };
        obtain(parts, { ...source, load: never }, gone).catch(() => undefined);
        return;
      }
      case 'batch': {
        const load = (wanted: readonly { key: CacheKey; stale: Found | undefined }[]) =>
          Promise.all(wanted.map((one) => make(one.key, one.stale)));
        const made = await obtainMany(parts, acme, KEYS, { face, policy, load }, runtime);
        made.forEach((one, i) =>
          oracle.served(does, KEYS[i] ?? fail(), one?.prepared.value, due, true),
        );
        return;
      }
      case 'look':
      case 'lookMany': {
        const near = does === 'look' ? peek(parts, key, runtime.now()) : undefined;
        if (near) {
          oracle.served('a peek', key, near.prepared.value, due, near.state === 'stale');
          return;
        }
        const [first] = await (does === 'look'
          ? lookup(parts, key, face, runtime).then((one) => [one])
          : lookupMany(parts, acme, [key], face, runtime));
        if (first?.found) oracle.served(does, key, first.prepared.value, due, false);
        else oracle.served(does, key, first?.stale?.prepared.value, due, true);
        return;
      }
      case 'set': {
        const text = oracle.make(Number.POSITIVE_INFINITY);
        const prepared = preparedText(text);
        const setting = { key, draft: draft(key, text), prepared, lifetimes: undefined };
        const [outcome] = await supersede(parts, [setting], undefined, runtime);
        oracle.wasSet(text, outcome?.stored ? outcome.stamp.asOf : Number.NEGATIVE_INFINITY);
        if (outcome?.stored) acknowledged(outcome.stamp.asOf, true, keyTarget(key.key));
        return;
      }
      case 'touch': {
        await touch(parts, key, () => draft(key, ''), runtime);
        return;
      }
      case 'purge':
        acknowledged(await purge(parts, acme, [target], mode, runtime), mode === 'hard', target);
        return;
      case 'everything': {
        // Its seqs are not told: only what was made before it began is older for certain.
        oracle.newest += 0.5;
        const seq = oracle.newest;
        await purgeEverything(parts, mode);
        acknowledged(seq, mode === 'hard', '*');
      }
    }
  };

  const caller = async (steps: readonly Step[]): Promise<void> => {
    for (const one of steps) {
      await waitFor(time, one.wait);
      // Others may purge everything faster than anybody can learn of it: such a write is refused, and says so.
      await perform(one.isolate % places.length, one).catch((error: unknown) => {
        if (!(error instanceof AuthorityUnavailable || error instanceof OutcomeUnknown))
          throw error;
      });
    }
  };
  if (plan.filled) {
    const fill = { does: 'obtain', isolate: 0, target: '*', mode: 'hard', wait: 0 } as const;
    await during(time, Promise.all(KEYS.map((_, nth) => perform(0, { ...fill, key: nth }))));
    await time.advance(200);
  }
  await during(time, Promise.all(plan.callers.map(caller)));
  // Whatever was on its way has arrived, and the bound is past.
  await time.advance(boundMs + 2000);
  const last = { does: 'look', target: '*', mode: 'hard', wait: 0 } as const;
  const looks = places.flatMap((_, at) =>
    KEYS.map((_key, nth) => perform(at, { ...last, isolate: at, key: nth })),
  );
  await during(time, Promise.all(looks));
  return oracle.violations;
}

/** One isolate whose memory is the authority's own store. */
function inIsolate(
  time: Timeline,
  coherenceMs: number,
  wrap: (authority: Authority) => Requests,
): Place {
  const { parts, partsWith } = assembleEngine({
    keys,
    redis: undefined,
    tiers: [{ type: 'memory' }],
    coherenceMs,
    maxUnverifiedMs: MAX_UNVERIFIED_MS,
    memoryBytes: 4e6,
    maxEntryBytes: 1e6,
    maxLifetimeMs: 1e9,
    maxLoadMs: 25_000,
    compressionThreshold: undefined,
    encryptionKeys: [],
    enabled: true,
    clock: time,
    sink: () => undefined,
  });
  const { authority, tiers } = parts;
  const waitUntil = (work: Promise<unknown>): void => void work.catch(() => undefined);
  return {
    parts: partsWith({ name: authority.name, local: authority.local, ...wrap(authority) }, tiers),
    runtime: { ...time, waitUntil },
  };
}

/** Lets time pass until it is done. */
async function during(time: Timeline, work: Promise<unknown>): Promise<void> {
  const state = { over: false };
  const end = (): void => void (state.over = true);
  work.then(end, end);
  while (!state.over) await time.advance(200);
  await work;
}

async function waitFor(time: Timeline, length: number): Promise<void> {
  if (length >= 8) return time.sleep(length - 7);
  for (let turn = 0; turn < length; turn += 1) await Promise.resolve();
}

function fail(): never {
  throw new Error('There is no such isolate or key.');
}
