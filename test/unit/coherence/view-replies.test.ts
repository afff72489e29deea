import { describe, expect, it, test } from 'vitest';
import type { LedgerReply, Mark } from '../../../src/authority/authority.ts';
import { View } from '../../../src/coherence/view.ts';
import type { Target } from '../../../src/tenant/target.ts';

const EPOCH = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);

const hard = (target: Target, seq: number): Mark => ({ target, mode: 'hard', seq });
const soft = (target: Target, seq: number): Mark => ({ target, mode: 'soft', seq });
const reply = (changes: Partial<LedgerReply> = {}): LedgerReply => ({
  since: 0,
  epoch: EPOCH,
  floor: 100,
  keyFloor: 100,
  marks: [],
  ...changes,
});

/** A view that has absorbed a whole ledger with one mark at 110, asked for by request 1, sent at 1000. */
function informed(): View {
  const view = new View();
  expect(view.absorbPoll(reply({ marks: [hard('t:x', 110)] }), 1000, 1)).toBe('absorbed');
  return view;
}

describe('a new view', () => {
  test('knows nothing, and claims nothing', () => {
    const view = new View();
    expect(view).toMatchObject({ epoch: '', seen: 0, checkedAt: Number.NEGATIVE_INFINITY });
    expect(view.stamp).toBeUndefined();
    expect(view.cursor).toBeUndefined();
    // 0 is what a copy has that was never found valid: no view may ever stand at it.
    expect(view.generation).toBeLessThan(0);
  });

  test('takes a whole ledger in', () => {
    const view = informed();
    expect(view).toMatchObject({ epoch: EPOCH, seen: 110, floor: 100, checkedAt: 1000 });
    expect(view.stamp).toEqual({ epoch: EPOCH, asOf: 110 });
    expect(view.cursor).toEqual({ epoch: EPOCH, seen: 110 });
    expect([...view.marks]).toEqual([['t:x', { hard: 110, soft: 0 }]]);
    expect(view.generation).toBeGreaterThan(0);
  });

  test('of an empty ledger has seen its floor', () => {
    const view = new View();
    view.absorbPoll(reply(), 1000, 1);
    expect(view.seen).toBe(100);
  });

  test('takes no part of a ledger', () => {
    expect(new View().absorbPoll(reply({ since: 1 }), 1000, 1)).toBe('doubtful');
    expect(new View().absorbConfirmed(reply({ since: 1 }), 1000, 1)).toBe('doubtful');
  });

  test('never has the generation of another view', () => {
    expect(informed().generation).not.toBe(informed().generation);
  });
});

describe('a poll', () => {
  it.each<[string, LedgerReply | undefined]>([
    ['that finds no ledger', undefined],
    ['of another epoch', reply({ epoch: OTHER, marks: [hard('t:y', 120)] })],
    ['that begins past what is known', reply({ since: 111, marks: [hard('t:y', 120)] })],
    ['that ends before what is known: rolled back, or a lagging replica', reply({ since: 110 })],
    ['the same, with older marks', reply({ marks: [hard('t:y', 109)] })],
  ])('%s is doubtful', (_what, answer) => {
    expect(informed().absorbPoll(answer, 2000, 2)).toBe('doubtful');
  });

  it.each<[string, LedgerReply, number]>([
    ['that has nothing new', reply({ since: 110, marks: [hard('t:x', 110)] }), 110],
    ['that has a new mark', reply({ since: 110, marks: [hard('t:y', 120)] }), 120],
    ['from an earlier cursor', reply({ since: 50, marks: [hard('t:x', 110)] }), 110],
    ['whose floor was raised past all that was known', reply({ since: 110, floor: 130 }), 130],
    ['whose floor is exactly what is known', reply({ since: 110, floor: 110 }), 110],
  ])('%s is absorbed', (_what, answer, seen) => {
    const view = informed();
    expect(view.absorbPoll(answer, 2000, 2)).toBe('absorbed');
    expect(view).toMatchObject({ seen, checkedAt: 2000 });
  });

  test('that was sent earlier and comes later does not turn the clock back', () => {
    const view = informed();
    view.absorbPoll(reply({ marks: [hard('t:x', 110)] }), 500, 0);
    expect(view.checkedAt).toBe(1000);
  });

  it.each<[string, number, number, number]>([
    ['sent later, by a clock that was set back', 2, 400, 400],
    ['sent earlier, by a clock that was ahead', 0, 9000, 1000],
    ['sent later, by a clock that stood still', 2, 1000, 1000],
  ])('%s: the order of sending decides, not the larger time', (_what, order, sentAt, checkedAt) => {
    const nothingNew = reply({ since: 110, marks: [hard('t:x', 110)] });
    const polled = informed();
    expect(polled.absorbPoll(nothingNew, sentAt, order)).toBe('absorbed');
    expect(polled.checkedAt).toBe(checkedAt);
    const confirmed = informed();
    expect(confirmed.absorbConfirmed(nothingNew, sentAt, order)).toBe('absorbed');
    expect(confirmed.checkedAt).toBe(checkedAt);
  });

  test('of an earlier time does not hide a later one that is taken in after it', () => {
    const view = informed();
    const nothingNew = reply({ since: 110, marks: [hard('t:x', 110)] });
    view.absorbPoll(nothingNew, 400, 3);
    view.absorbPoll(nothingNew, 2000, 2);
    expect(view.checkedAt).toBe(400);
    view.absorbPoll(nothingNew, 401, 4);
    expect(view.checkedAt).toBe(401);
  });

  test('under another epoch counts from its own sending', () => {
    const view = informed();
    expect(view.absorbConfirmed(reply({ epoch: OTHER }), 300, 2)).toBe('absorbed');
    expect(view.checkedAt).toBe(300);
    view.absorbPoll(reply({ epoch: OTHER, marks: [hard('t:y', 120)] }), 9000, 1);
    expect(view.checkedAt).toBe(300);
    // Also where a later request has been answered under the epoch before.
    const polled = informed();
    polled.absorbPoll(reply({ since: 110, marks: [hard('t:x', 110)] }), 5000, 5);
    expect(polled.absorbConfirmed(reply({ epoch: OTHER }), 3000, 3)).toBe('absorbed');
    expect(polled.checkedAt).toBe(3000);
  });

  test('with nothing new leaves the generation: copies that were valid still are', () => {
    const view = informed();
    const { generation } = view;
    view.absorbPoll(reply({ since: 110, marks: [hard('t:x', 110)] }), 2000, 2);
    expect(view.generation).toBe(generation);
  });

  it.each<[string, LedgerReply]>([
    ['a mark', reply({ marks: [hard('t:x', 110), hard('t:y', 111)] })],
    ['a newer mark of the same target', reply({ marks: [hard('t:x', 111)] })],
    ['a soft mark', reply({ marks: [hard('t:x', 110), soft('t:x', 112)] })],
    ['a floor', reply({ floor: 101, marks: [hard('t:x', 110)] })],
    ['a key floor', reply({ keyFloor: 101, marks: [hard('t:x', 110)] })],
  ])('that brings %s changes the generation', (_what, answer) => {
    const view = informed();
    const { generation } = view;
    expect(view.absorbPoll(answer, 2000, 2)).toBe('absorbed');
    expect(view.generation).toBeGreaterThan(generation);
  });

  test('keeps the newest hard and the newest soft mark of a target, both', () => {
    const view = informed();
    view.absorbPoll(reply({ marks: [hard('t:x', 110), soft('t:x', 120)] }), 2000, 2);
    expect(view.marks.get('t:x')).toEqual({ hard: 110, soft: 120 });
    view.absorbPoll(reply({ since: 120, marks: [soft('t:x', 120), hard('t:x', 105)] }), 3000, 3);
    expect(view.marks.get('t:x')).toEqual({ hard: 110, soft: 120 });
  });
});

describe('what the primary says', () => {
  test('replaces the view, when it is of another epoch', () => {
    const view = informed();
    const { generation } = view;
    const answer = reply({ epoch: OTHER, floor: 90, keyFloor: 90, marks: [hard('t:y', 95)] });
    expect(view.absorbConfirmed(answer, 2000, 2)).toBe('absorbed');
    expect(view).toMatchObject({ epoch: OTHER, seen: 95, floor: 90, keyFloor: 90 });
    expect([...view.marks.keys()]).toEqual(['t:y']);
    expect(view.generation).toBeGreaterThan(generation);
  });

  test('starts the bound anew: what was checked under another epoch says nothing', () => {
    const view = informed();
    view.absorbConfirmed(reply({ epoch: OTHER }), 400, 2);
    expect(view.checkedAt).toBe(400);
  });

  test('of an older epoch is refused when it comes late', () => {
    const view = new View();
    view.absorbConfirmed(reply({ epoch: OTHER, floor: 200 }), 2000, 7);
    const late = reply({ epoch: EPOCH, marks: [hard('t:x', 110)] });
    expect(view.absorbConfirmed(late, 1000, 6)).toBe('doubtful');
    expect(view.absorbPoll(late, 1000, 6)).toBe('doubtful');
    expect(view).toMatchObject({ epoch: OTHER, seen: 200, checkedAt: 2000 });
  });

  test('of another epoch is taken only whole', () => {
    const view = informed();
    const part = reply({ epoch: OTHER, since: 50 });
    expect(view.absorbConfirmed(part, 2000, 2)).toBe('doubtful');
    expect(view.epoch).toBe(EPOCH);
  });

  test('of this epoch is taken from any known cursor, and not past a gap', () => {
    const view = informed();
    expect(view.absorbConfirmed(reply({ since: 111 }), 2000, 2)).toBe('doubtful');
    // The primary's word needs no mark at what is known: it has looked whether it is behind.
    expect(view.absorbConfirmed(reply({ since: 110 }), 2000, 2)).toBe('absorbed');
    expect(view.seen).toBe(110);
  });
});

describe('what the floors cover is forgotten, and nothing else', () => {
  const filled = (): View => {
    const view = new View();
    const marks = [
      hard('k:a', 110),
      hard('k:b', 111),
      soft('k:c', 112),
      hard('k:d', 108),
      soft('k:d', 109),
      hard('p:a', 114),
      hard('t:x', 113),
      soft('t:x', 120),
    ];
    view.absorbPoll(reply({ marks }), 1000, 1);
    return view;
  };
  const left = (changes: Partial<LedgerReply>): Target[] => {
    const view = filled();
    view.absorbPoll(reply({ since: 120, marks: [soft('t:x', 120)], ...changes }), 2000, 2);
    return [...view.marks.keys()].toSorted();
  };
  const all: Target[] = ['k:a', 'k:b', 'k:c', 'k:d', 'p:a', 't:x'];

  it.each<[string, Partial<LedgerReply>, Target[]]>([
    ['no floor was raised', {}, all],
    ['the key floor covers one key', { keyFloor: 110 }, ['k:b', 'k:c', 'k:d', 'p:a', 't:x']],
    ['the key floor covers all: soft ones stay', { keyFloor: 119 }, ['k:c', 'k:d', 'p:a', 't:x']],
    ['the floor covers some of all kinds', { floor: 112 }, ['p:a', 't:x']],
    ['the floor covers hard marks of a pair', { floor: 119 }, ['t:x']],
    ['the floor covers everything', { floor: 120 }, []],
  ])('%s', (_what, changes, kept) => {
    expect(left(changes)).toEqual(kept);
  });

  test('and its estimate of memory follows', () => {
    const view = filled();
    const before = view.bytes;
    view.absorbPoll(reply({ since: 120, floor: 120 }), 2000, 2);
    expect(view.bytes).toBeLessThan(before);
    expect(view.bytes).toBeGreaterThan(0);
  });
});
