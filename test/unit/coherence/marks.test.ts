import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Mark } from '../../../src/authority/authority.ts';
import { hits, judge, type LedgerKnowledge, type MarkPair } from '../../../src/coherence/marks.ts';
import type { PurgeMode, Target } from '../../../src/tenant/target.ts';

const EPOCH = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);

/** Knowledge of a list of marks. `seen` is the newest of everything, as a view has it. */
function knowing(marks: readonly Mark[], floor: number, keyFloor: number): LedgerKnowledge {
  const pairs = new Map<Target, MarkPair>();
  for (const { target, mode, seq } of marks) {
    const pair = pairs.get(target) ?? { hard: 0, soft: 0 };
    pairs.set(target, { ...pair, [mode]: Math.max(pair[mode], seq) });
  }
  const seen = Math.max(floor, ...marks.map((mark) => mark.seq));
  return { epoch: EPOCH, seen, newest: seen, floor, keyFloor, marks: pairs };
}

/**
 * The sentence of the design, word by word: "An entry is valid iff entry.epoch = view.epoch, entry.asOf >= view.floor
 * (for memory and regional copies also >= view.keyFloor), and no hard mark on its key, its tags, a prefix of its key or
 * the tenant has seq > entry.asOf. If only soft marks do, it is stale."
 */
function oracle(
  marks: readonly Mark[],
  known: LedgerKnowledge,
  entry: { epoch: string; asOf: number; key: string; tags: readonly string[] },
  copy: boolean,
): 'valid' | 'stale' | 'invalid' {
  const concerns = (target: Target): boolean => {
    if (target === '*') return true;
    const [kind, name] = [target.slice(0, 1), target.slice(2)];
    if (kind === 't') return entry.tags.includes(name);
    if (kind === 'k') return entry.key === name;
    return entry.key === name || entry.key.startsWith(`${name}:`);
  };
  const newer = (mode: PurgeMode): boolean =>
    marks.some((mark) => mark.mode === mode && concerns(mark.target) && mark.seq > entry.asOf);
  const loadedHere = entry.epoch === known.epoch && entry.asOf >= known.floor;
  if (!loadedHere || (copy && entry.asOf < known.keyFloor) || newer('hard')) return 'invalid';
  return newer('soft') ? 'stale' : 'valid';
}

const word = fc.constantFrom('a', 'b', 'ab', '');
const key = fc.array(word, { minLength: 1, maxLength: 4 }).map((list) => list.join(':'));
const tag = fc.constantFrom('a', 'b', 'a:b', '*', 'k:a');
const seq = fc.integer({ min: 0, max: 12 });
const target: fc.Arbitrary<Target> = fc.oneof(
  key.map((of): Target => `k:${of}`),
  key.map((of): Target => `p:${of}`),
  tag.map((of): Target => `t:${of}`),
  fc.constant<Target>('*'),
);
const marks: fc.Arbitrary<Mark[]> = fc.array(
  fc.record({ target, mode: fc.constantFrom<PurgeMode[]>('hard', 'soft'), seq }),
  { maxLength: 8 },
);
const entry = fc.record({
  epoch: fc.constantFrom(EPOCH, EPOCH, EPOCH, OTHER),
  asOf: fc.integer({ min: 0, max: 14 }),
  key,
  tags: fc.array(tag, { maxLength: 3 }),
});

describe('the rule', () => {
  test('decides as the sentence of the design does', () => {
    fc.assert(
      fc.property(marks, entry, seq, seq, fc.boolean(), (list, one, floor, keyFloor, copy) => {
        const known = knowing(list, floor, keyFloor);
        const { epoch, asOf, key: of, tags } = one;
        const verdict = judge(known, { stamp: { epoch, asOf }, key: of, tags }, !copy);
        expect(verdict).toBe(oracle(list, known, one, copy));
      }),
      { numRuns: 3000 },
    );
  });

  test('an older stamp is never judged better than a newer one of the same entry', () => {
    const rank = { invalid: 0, stale: 1, valid: 2 };
    fc.assert(
      fc.property(marks, entry, seq, seq, fc.boolean(), (list, one, floor, older, copy) => {
        const known = knowing(list, floor, floor);
        const at = (asOf: number) => judge(known, { ...one, stamp: { epoch: EPOCH, asOf } }, !copy);
        const [low, high] = [Math.min(older, one.asOf), Math.max(older, one.asOf)];
        expect(rank[at(low)]).toBeLessThanOrEqual(rank[at(high)]);
      }),
    );
  });

  it.each<[string, readonly Mark[], string]>([
    ['nothing', [], 'valid'],
    ['a hard purge of the key', [{ target: 'k:n:users:1', mode: 'hard', seq: 6 }], 'invalid'],
    ['the same purge at the stamp', [{ target: 'k:n:users:1', mode: 'hard', seq: 5 }], 'valid'],
    ['a purge of a longer key', [{ target: 'k:n:users:1:a', mode: 'hard', seq: 6 }], 'valid'],
    ['a purge of a shorter key', [{ target: 'k:n:users', mode: 'hard', seq: 6 }], 'valid'],
    ['a purge of a tag', [{ target: 't:user', mode: 'hard', seq: 6 }], 'invalid'],
    [
      'a purge of a tag that is a part of one',
      [{ target: 't:use', mode: 'hard', seq: 6 }],
      'valid',
    ],
    ['a purge of the namespace', [{ target: 'p:n', mode: 'hard', seq: 6 }], 'invalid'],
    ['a prefix inside a segment', [{ target: 'p:n:user', mode: 'hard', seq: 6 }], 'valid'],
    ['the key as a prefix', [{ target: 'p:n:users:1', mode: 'hard', seq: 6 }], 'invalid'],
    ['a purge of the tenant', [{ target: '*', mode: 'hard', seq: 6 }], 'invalid'],
    ['a soft purge', [{ target: '*', mode: 'soft', seq: 6 }], 'stale'],
    [
      'a soft purge that is newer than a hard one does not hide it',
      [
        { target: '*', mode: 'hard', seq: 6 },
        { target: '*', mode: 'soft', seq: 7 },
      ],
      'invalid',
    ],
    [
      'a hard one on a later target is found behind a soft one',
      [
        { target: '*', mode: 'soft', seq: 7 },
        { target: 'p:n:users:1', mode: 'hard', seq: 6 },
      ],
      'invalid',
    ],
  ])('%s', (_what, list, verdict) => {
    const subject = { stamp: { epoch: EPOCH, asOf: 5 }, key: 'n:users:1', tags: ['x', 'user'] };
    expect(judge(knowing(list, 0, 0), subject, false)).toBe(verdict);
  });

  test('below the key floor a copy is invalid, the authority’s own entry is not', () => {
    const subject = { stamp: { epoch: EPOCH, asOf: 5 }, key: 'a', tags: [] };
    expect(judge(knowing([], 3, 6), subject, false)).toBe('invalid');
    expect(judge(knowing([], 3, 6), subject, true)).toBe('valid');
    expect(judge(knowing([], 6, 0), subject, true)).toBe('invalid');
  });
});

describe('hits, for a purge that was not acknowledged', () => {
  test('names what a hard mark on one of the targets would make invalid', () => {
    fc.assert(
      fc.property(fc.array(target, { maxLength: 4 }), entry, (targets, one) => {
        const list = targets.map((of): Mark => ({ target: of, mode: 'hard', seq: 9 }));
        const loaded = { ...one, epoch: EPOCH, asOf: 1 };
        const expected = oracle(list, knowing(list, 0, 0), loaded, true) === 'invalid';
        expect(hits(new Set(targets), one)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
