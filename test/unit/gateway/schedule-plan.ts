import * as fc from 'fast-check';
import type { PurgeMode } from '../../../src/tenant/target.ts';

/** The resources of a schedule: URL, and the tags that its answers have. */
export const RESOURCES = [
  { url: 'https://acme.example/d/a', tags: ['t', 'u'] },
  { url: 'https://acme.example/d/b?q=1', tags: ['t'] },
] as const;

/** What a purge names, as its body does, and which of the resources that covers. */
export const TARGETS = [
  { name: 'URL 0', body: { urls: [RESOURCES[0].url] }, covers: [0] },
  { name: 'key 0', body: { keys: ['g:https:acme.example:d:a:?'] }, covers: [0] },
  { name: 'URL 1', body: { urls: [RESOURCES[1].url] }, covers: [1] },
  {
    name: 'key 1',
    body: { keys: [['g', 'https', 'acme.example', 'd', 'b', '?q=1']] },
    covers: [1],
  },
  { name: 'path 0', body: { prefixes: [RESOURCES[0].url] }, covers: [0] },
  { name: 'path', body: { prefixes: ['https://acme.example/d'] }, covers: [0, 1] },
  { name: 'tag t', body: { tags: ['t'] }, covers: [0, 1] },
  { name: 'tag u', body: { tags: ['u'] }, covers: [0] },
  { name: 'host', body: { hosts: ['acme.example'] }, covers: [0, 1] },
  { name: 'tenant', body: { all: true }, covers: [0, 1] },
] as const;

/** How an origin answers for a resource, from one of its versions on. */
export interface Shape {
  /** Fields by which its answers vary. */
  readonly names: readonly string[];
  /** Beyond `x-b` for those with `x-a: 0`, where `x-a` selects. */
  readonly more: boolean;
  /** Seconds; undefined: it says nothing of its freshness. */
  readonly maxAge: number | undefined;
  /** Further directives, and the seconds past freshness that they allow: none where they forbid it. */
  readonly further: string;
  readonly windowS: number;
  readonly validators: 'strong' | 'weak' | 'modified' | 'both' | 'none';
  /** What becomes of those who send a cookie: nothing, or an answer of their own, and how it is told. */
  readonly personal: 'no' | 'private' | 'set-cookie' | 'unsaid';
  readonly status: 200 | 404;
  /** The body comes without its length, in two pieces. */
  readonly streamed: boolean;
}

/** One thing that one of several callers does, `wait` after what the caller did before. */
export interface Step {
  readonly does: (typeof ACTS)[number];
  readonly wait: number;
  readonly isolate: number;
  readonly resource: number;
  readonly a: string | undefined;
  readonly b: string | undefined;
  readonly reader: string | undefined;
  readonly range: string;
  /** The client sends along the tag of what it has. */
  readonly conditional: boolean;
  readonly target: number;
  readonly mode: PurgeMode;
  /** Somebody else writes before a purge. */
  readonly writes: boolean;
  /** The number of the shape that a write brings; past the last: none. */
  readonly shape: number;
  readonly posting: 'nothing' | 'itself' | 'other' | 'refused' | 'lost';
  readonly fault: Fault;
}

export type Fault = 500 | 503 | 'unreachable' | 'truncated' | 'silent';

const ACTS = [
  ...(['get', 'get', 'get', 'get', 'get', 'get', 'range', 'range', 'head'] as const),
  ...(['purge', 'purge', 'unsafe', 'write', 'fault', 'evict', 'restart'] as const),
];

/** How long something takes: so many turns of the microtask queue; from 8 on milliseconds. */
const turns = fc.nat(7);
const short = fc.integer({ min: 8, max: 60 });
const wait = fc.oneof(
  { arbitrary: turns, weight: 3 },
  { arbitrary: short, weight: 3 },
  { arbitrary: fc.constantFrom(300, 1100, 2500, 12_000, 70_000), weight: 1 },
);
const lengths = { minLength: 20, maxLength: 20 };
const field = fc.constantFrom('0', '1', '0', '1', undefined);

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom(...ACTS),
  wait,
  isolate: fc.constantFrom(0, 0, 1, 2),
  resource: fc.constantFrom(0, 0, 0, 0, 1),
  a: field,
  b: field,
  reader: fc.constantFrom(undefined, undefined, undefined, 'x', 'y'),
  range: fc.constantFrom('bytes=0-62', 'bytes=0-62', 'bytes=63-', 'bytes=42-104', 'bytes=-42'),
  conditional: fc.constantFrom(false, false, false, true),
  target: fc.constantFrom(0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9),
  mode: fc.constantFrom('hard', 'hard', 'soft'),
  writes: fc.constantFrom(true, true, true, false),
  shape: fc.nat(5),
  posting: fc.constantFrom('nothing', 'nothing', 'itself', 'itself', 'other', 'refused', 'lost'),
  fault: fc.constantFrom<Fault>(500, 503, 'unreachable', 'truncated', 'silent'),
});

const NAMES: readonly (readonly string[])[] = [
  [],
  [],
  ['x-a'],
  ['x-a'],
  ['x-b'],
  ['x-a', 'x-b'],
  ['cookie', 'x-a'],
  ['cookie'],
];

/** Without a window of its own, an answer that was fresh once is served for a minute when its origin is not there. */
const LIVES: readonly Pick<Shape, 'maxAge' | 'further' | 'windowS'>[] = [
  { maxAge: 600, further: '', windowS: 60 },
  { maxAge: 600, further: '', windowS: 60 },
  { maxAge: 2, further: '', windowS: 60 },
  { maxAge: undefined, further: '', windowS: 60 },
  { maxAge: 2, further: ', stale-while-revalidate=600', windowS: 600 },
  { maxAge: 2, further: ', stale-while-revalidate=600', windowS: 600 },
  { maxAge: 2, further: ', stale-if-error=600', windowS: 600 },
  { maxAge: 2, further: ', stale-if-error=600', windowS: 600 },
  { maxAge: 600, further: ', stale-while-revalidate=60, stale-if-error=600', windowS: 600 },
  { maxAge: 2, further: ', must-revalidate', windowS: 0 },
  { maxAge: 0, further: ', no-cache', windowS: 0 },
];

const shape: fc.Arbitrary<Shape> = fc
  .record({
    names: fc.constantFrom(...NAMES),
    more: fc.boolean(),
    life: fc.constantFrom(...LIVES),
    validators: fc.constantFrom<Shape['validators']>(
      ...(['strong', 'strong', 'weak', 'modified', 'both', 'none'] as const),
    ),
    personal: fc.constantFrom<Shape['personal']>('no', 'no', 'private', 'set-cookie', 'unsaid'),
    status: fc.constantFrom<Shape['status']>(200, 200, 200, 200, 200, 200, 404),
    streamed: fc.boolean(),
  })
  .map(({ life, ...rest }) => ({ ...rest, ...life }));

const anything = fc.record({
  isolates: fc.constantFrom(1, 2, 2, 3),
  coherenceMs: fc.constantFrom(0, 60, 1000),
  regional: fc.constantFrom(false, false, true),
  memoryBytes: fc.constantFrom(4e6, 4e6, 2500),
  /** Of both resources; the first is what each begins with. */
  shapes: fc.array(shape, { minLength: 3, maxLength: 3 }),
  /** Of so many reads of the origin one fails; 0: none, but for what a step says. */
  failing: fc.constantFrom(0, 0, 0, 2, 3),
  /** The first isolate has loaded something of both before anything else happens. */
  filled: fc.boolean(),
  /** How long the authority and other stores take, by turns. */
  waits: fc.oneof(fc.array(turns, lengths), fc.array(fc.oneof(turns, short), lengths)),
  /** How long the origin takes, by turns: each answer until it comes, then its body. */
  holds: fc.array(
    fc.oneof(
      { arbitrary: turns, weight: 2 },
      { arbitrary: short, weight: 2 },
      { arbitrary: fc.constantFrom(120, 400, 1500), weight: 2 },
    ),
    lengths,
  ),
  callers: fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 }),
});
/**
 * As any, but for what it is about: purges of one resource's key, which name none of its variants, while loads of those are
 * under way.
 */
const narrow = anything.map((plan) => ({
  ...plan,
  filled: true,
  shapes: plan.shapes.map((one) => ({
    ...one,
    names: ['x-a'],
    more: false,
    personal: 'no' as const,
    status: 200 as const,
  })),
  callers: plan.callers.map((steps) =>
    steps.map((one) => ({
      ...one,
      does: WIDER.has(one.does) ? ('get' as const) : one.does,
      wait: one.wait > 1000 ? 300 : one.wait,
      resource: 0,
      reader: undefined,
      target: 1,
      writes: true,
      shape: 9,
    })),
  ),
}));
const WIDER: ReadonlySet<string> = new Set(['write', 'fault', 'evict', 'restart']);

export const schedule = fc.oneof(
  { arbitrary: anything, weight: 3 },
  { arbitrary: narrow, weight: 1 },
);
export type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;
