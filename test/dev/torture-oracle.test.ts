import { describe, expect, test } from 'vitest';
import { LoadBook } from '../../dev/torture/load-book.ts';
import { Oracle, type ReadFacts } from '../../dev/torture/oracle.ts';
import { targetName, value, type Target } from '../../dev/torture/subjects.ts';
import { Timeline } from '../../dev/torture/timeline.ts';

const COHERENCE_MS = 1000;
const MAX_UNVERIFIED_MS = 3000;
const one = value('acme', 'plain', ['s1', 'v1']);
const { tenant, segments } = one;
const KEY: Target = { type: 'key', tenant, segments };
const TAG: Target = { type: 'tag', tenant, tag: 'section-s1' };

/** An oracle, what happens to it, and what it says of a read. */
function world() {
  const book = new LoadBook();
  const oracle = new Oracle(book, {
    coherenceMs: COHERENCE_MS,
    maxUnverifiedMs: MAX_UNVERIFIED_MS,
  });
  const purge = (
    target: Target,
    begunAt: number,
    ackedAt: number,
    { mode = 'hard', actor = '1.0.busy' }: { mode?: 'hard' | 'soft'; actor?: string } = {},
  ): void => {
    const name = targetName(target);
    const ofKey = target.type === 'key' ? [name] : [];
    const ofOthers = target.type === 'key' ? [] : [name];
    oracle.acknowledged({ what: name, begunAt, ackedAt, actor, mode, ofKey, ofOthers });
  };
  const read = (load: number, begunAt: number, more: Partial<ReadFacts> = {}): string => {
    const facts: ReadFacts = {
      actor: '0.0.busy',
      subject: one,
      begunAt,
      endedAt: begunAt + 5,
      load,
      resource: one.resource,
      serving: 'hit',
      tier: 'memory',
      flagged: false,
      ...more,
    };
    return oracle.judge(facts)?.kind ?? 'right';
  };
  return { book, oracle, purge, read };
}

describe('a hard purge', () => {
  test.each<Target>([
    KEY,
    TAG,
    { type: 'tag', tenant, tag: 'item-s1-v1' },
    { type: 'prefix', tenant, segments },
    { type: 'prefix', tenant, segments: segments.slice(0, -1) },
    { type: 'tenant', tenant },
    { type: 'everything' },
  ])('of $type ends what was loaded before it, after the bound', (target) => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(target, 200, 250);
    expect(read(old, 255)).toBe('right');
    expect(read(old, 250 + COHERENCE_MS)).toBe('right');
    expect(read(old, 250 + COHERENCE_MS + 3)).toBe('old');
    expect(read(book.loaded(one.resource, 201), 5000)).toBe('right');
  });

  test.each<Target>([
    { type: 'key', tenant, segments: ['n', 'plain', 's1', 'v2'] },
    { type: 'key', tenant, segments: ['n', 'plain', 's1'] },
    { type: 'tag', tenant, tag: 'section-s2' },
    { type: 'prefix', tenant, segments: ['n', 'plain', 's'] },
    { type: 'key', tenant: 'other', segments },
    { type: 'tenant', tenant: 'other' },
  ])('of something else ($type) ends nothing', (target) => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(target, 200, 250);
    expect(read(old, 9000)).toBe('right');
  });

  test('is known at once to who acknowledged it, and to nobody else after a restart', () => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(TAG, 200, 250, { actor: '0.0.busy' });
    expect(read(old, 249)).toBe('right');
    expect(read(old, 253)).toBe('own');
    expect(read(old, 253, { actor: '0.0.gateway' })).toBe('right');
    expect(read(old, 253, { actor: '0.1.busy' })).toBe('right');
  });

  test('holds for what is served stale, was loaded by somebody else, or brought by an own load', () => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(KEY, 200, 250);
    for (const serving of ['stale', 'joined', 'loaded'] as const)
      expect(read(old, 2000, { serving })).toBe('old');
  });

  test('is not undone by a source that confirms the old value, whenever it was asked', () => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(KEY, 200, 250);
    book.confirmed(old, 150);
    book.confirmed(old, 900);
    expect(read(old, 2000)).toBe('old');
  });

  test('that began after the load, though one that began later was acknowledged before it', () => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 150);
    purge(KEY, 100, 300);
    expect(read(old, 5000)).toBe('right');
    purge(KEY, 160, 400);
    expect(read(old, 1405)).toBe('old');
  });
});

describe('a flagged read', () => {
  test('may be old for as long as unverified copies may be served', () => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(TAG, 200, 250);
    expect(read(old, 250 + MAX_UNVERIFIED_MS, { flagged: true })).toBe('right');
    expect(read(old, 253 + MAX_UNVERIFIED_MS, { flagged: true })).toBe('unverified');
  });

  test('is never older than what its own isolate acknowledged', () => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(TAG, 200, 250, { actor: '0.0.busy' });
    expect(read(old, 300, { flagged: true })).toBe('own');
  });
});

describe('a soft purge', () => {
  test('keeps what it hit from being served as fresh, and no more', () => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(TAG, 200, 250, { mode: 'soft' });
    expect(read(old, 1000)).toBe('right');
    expect(read(old, 2000)).toBe('soft');
    expect(read(old, 2000, { serving: 'stale' })).toBe('right');
    expect(read(old, 2000, { flagged: true })).toBe('right');
  });

  test('is over once the source has confirmed the value', () => {
    const { book, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    purge(TAG, 200, 250, { mode: 'soft' });
    book.confirmed(old, 150);
    expect(read(old, 2000)).toBe('soft');
    book.confirmed(old, 260);
    expect(read(old, 2000)).toBe('right');
  });
});

describe('a write', () => {
  test('ends what was loaded before it began, and its value counts from its acknowledgement', () => {
    const { book, oracle, purge, read } = world();
    const old = book.loaded(one.resource, 100);
    const written = book.writing(one.resource);
    purge(KEY, 210, 240);
    expect(read(written, 9000)).toBe('right');
    book.written(written, 260);
    const ending = { what: 'set', begunAt: 200, ackedAt: 260, actor: 'x', mode: 'hard' } as const;
    oracle.acknowledged({ ...ending, ofKey: [one.key], ofOthers: [] });
    expect(read(old, 1300)).toBe('old');
    expect(read(written, 9000)).toBe('right');
    purge(KEY, 270, 300);
    expect(read(written, 9000)).toBe('old');
  });

  test('of a value that was loaded under a stamp counts from that load, but for purges of its key', () => {
    const { book, purge, read } = world();
    const written = book.writingLoaded(one.resource, 100);
    purge(KEY, 150, 160);
    expect(read(written, 9000)).toBe('right');
    purge(TAG, 150, 170);
    expect(read(written, 9000)).toBe('old');
  });

  test('that was refused is read by nobody', () => {
    const { book, read } = world();
    const written = book.writing(one.resource);
    book.refused(written);
    expect(read(written, 10)).toBe('refused');
  });
});

test('a value of something else is never right', () => {
  const { book, read } = world();
  expect(read(book.loaded('acme:n:plain:s1:v2', 100), 200)).toBe('foreign');
  expect(read(book.loaded(one.resource, 100), 200, { resource: 'another' })).toBe('foreign');
  expect(read(4711, 200)).toBe('foreign');
});

test('the latest old read is told', () => {
  const { book, oracle, purge, read } = world();
  const old = book.loaded(one.resource, 100);
  purge(KEY, 200, 250);
  read(old, 700);
  read(old, 600);
  expect(oracle.lastOldMs).toBe(450);
});

test('a timeline finds the first acknowledgement of all that began after a load', () => {
  const timeline = new Timeline();
  expect(timeline.firstAfter(0)).toBeUndefined();
  const ends = [
    { what: 'a', begunAt: 10, ackedAt: 20 },
    { what: 'b', begunAt: 40, ackedAt: 50 },
    { what: 'c', begunAt: 30, ackedAt: 60 },
    { what: 'd', begunAt: 70, ackedAt: 80 },
  ];
  for (const ending of ends) timeline.add(ending);
  const found = [5, 10, 35, 40, 70].map((at) => timeline.firstAfter(at)?.what);
  expect(found).toEqual(['a', 'b', 'b', 'd', undefined]);
});
