import * as fc from 'fast-check';
import { KeySpace } from '../../src/tenant/key.ts';
import { keyTarget, prefixTarget, tagTarget, type Target } from '../../src/tenant/target.ts';
import { tenantId } from '../unit/support/tenants.ts';

export const SPACE = new KeySpace('tc', 1);
/** From the fourth view on, an isolate asks the heads. */
export const TENANTS = ['a', 'b', 'c', 'd', 'e'].map(tenantId);
/** The keys of each tenant, and the tags that their values have. */
export const KEYS = ['n:a:1', 'n:a:2', 'n:b'];
export const TAGS: readonly (readonly string[])[] = [['t', 'u'], ['t'], ['u']];

export const ROOMY_VIEW_BYTES = 1e6;

const TARGETS: readonly Target[] = [
  ...KEYS.map(keyTarget),
  ...KEYS.map(keyTarget),
  ...['t', 'u'].map(tagTarget),
  ...['n:a', 'n', 'n:b'].map(prefixTarget),
  '*',
];

export const READS = ['obtain', 'sweep', 'look', 'lookMany', 'batch', 'refresh'] as const;
export const WRITES = ['set', 'setLater', 'delete', 'purge', 'everything', 'touch'] as const;
export const FAULTS = [
  ...(['crash', 'clock', 'vanish', 'cut', 'flush'] as const),
  ...(['evictLedger', 'evictHeads', 'moveOver', 'rollBack'] as const),
];
/** What may happen to one request. `late`: it is carried out after its sender has given it up. */
export const MISHAPS = ['lost', 'unanswered', 'late', 'abandoned'] as const;

export type Act = (typeof READS)[number] | (typeof WRITES)[number] | (typeof FAULTS)[number];
export type Mishap = (typeof MISHAPS)[number];

/** One thing that one of several callers does in one of the isolates. */
export interface Step {
  readonly does: Act;
  readonly isolate: number;
  readonly tenant: number;
  readonly key: number;
  readonly target: Target;
  readonly mode: 'hard' | 'soft';
  /** How it waits before: for so many arrivals; from 4 on milliseconds. */
  readonly wait: number;
  /** How long the source of a load takes; 0: as long as one arrival takes. */
  readonly loadMs: number;
  readonly source: 'answers' | 'fails' | 'gone';
}

const acts: readonly { arbitrary: fc.Arbitrary<Act>; weight: number }[] = [
  { arbitrary: fc.constantFrom('obtain', 'look'), weight: 16 },
  { arbitrary: fc.constantFrom('obtain'), weight: 6 },
  // A key of every tenant: what makes an isolate ask the heads.
  { arbitrary: fc.constantFrom('sweep'), weight: 6 },
  { arbitrary: fc.constantFrom('lookMany', 'batch', 'refresh', 'refresh'), weight: 7 },
  { arbitrary: fc.constantFrom('purge', 'delete'), weight: 12 },
  { arbitrary: fc.constantFrom('set', 'setLater', 'touch'), weight: 5 },
  { arbitrary: fc.constantFrom('everything'), weight: 1 },
  { arbitrary: fc.constantFrom(...FAULTS), weight: 6 },
];

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.oneof(...acts),
  isolate: fc.nat(3),
  tenant: fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 4),
  key: fc.constantFrom(0, 0, 0, 1, 2),
  target: fc.constantFrom(...TARGETS),
  mode: fc.constantFrom('hard', 'hard', 'hard', 'soft'),
  wait: fc.oneof(fc.nat(3), fc.nat(3), fc.constantFrom(20, 60, 200, 1000)),
  loadMs: fc.constantFrom(0, 0, 0, 20, 60, 400, 2500),
  source: fc.constantFrom('answers', 'answers', 'answers', 'answers', 'fails', 'gone'),
});

const paces = fc.array(
  fc.record({
    ms: fc.constantFrom(0, 0, 1, 1, 3, 10, 30),
    crowd: fc.constantFrom(1, 1, 1, 1, 2, 3),
  }),
  { minLength: 12, maxLength: 12 },
);

/** Everything about a run but the order in which things arrive, which the scheduler decides. */
export const plan = fc.record({
  isolates: fc.constantFrom(2, 2, 3, 4),
  /** So many isolates share a data centre; 0: there is no regional tier. */
  shared: fc.constantFrom(0, 1, 2, 2),
  coherenceMs: fc.constantFrom(0, 40, 40, 300),
  lagMs: fc.constantFrom(0, 0, 0, 30, 150),
  ttl: fc.constantFrom(20, 10_800_000, 10_800_000),
  stale: fc.constantFrom<{ swr?: number; sie?: number }>({}, { swr: 1e8 }, { sie: 1e8 }),
  leased: fc.constantFrom(false, false, true),
  early: fc.constantFrom(false, false, true),
  soft: fc.constantFrom(undefined, undefined, 15),
  slowFace: fc.constantFrom(false, false, true),
  /** Of marks that a ledger keeps. */
  cap: fc.constantFrom(1, 1, 2, 4, 100),
  keepMs: fc.constantFrom(1e9, 1e9, 50),
  viewBytes: fc.constantFrom(ROOMY_VIEW_BYTES, ROOMY_VIEW_BYTES, ROOMY_VIEW_BYTES, 3000),
  maxHeads: fc.constantFrom(1000, 1000, 2),
  tellsProcess: fc.constantFrom(true, true, false),
  /** Hours by which the isolates' clocks are off. */
  skews: fc.array(fc.constantFrom(0, 1, -1, 0.5), { minLength: 4, maxLength: 4 }),
  /** The tenants of which every isolate has read a key before anything else happens. */
  warm: fc.constantFrom(0, 1, 1, 5),
  chances: fc.array(fc.nat(999), { minLength: 10, maxLength: 10 }),
  paces,
  /** Everything is about one key of one tenant. */
  focused: fc.boolean(),
  /** Whatever source has something stale to ask about says that it still holds. */
  revalidates: fc.constantFrom(false, false, true),
  /** Many a write arrives late: when what it must not overwrite may have been trimmed. */
  lateWrites: fc.constantFrom(false, false, true),
  mishaps: fc.array(fc.tuple(fc.nat(120), fc.constantFrom(...MISHAPS)), { maxLength: 8 }),
  callers: fc.array(fc.array(step, { minLength: 1, maxLength: 9 }), {
    minLength: 2,
    maxLength: 5,
    size: 'max',
  }),
});
export type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;
