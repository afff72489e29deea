import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { explain } from '../../../src/coherence/explain.ts';
import { hits, judge, type LedgerKnowledge, type MarkPair } from '../../../src/coherence/marks.ts';
import type { Target } from '../../../src/tenant/target.ts';

const EPOCH = 'a'.repeat(32);

function knowing(
  marks: readonly (readonly [Target, MarkPair])[],
  floor = 0,
  keyFloor = 0,
): LedgerKnowledge {
  const newest = Math.max(floor, ...marks.map(([, { hard, soft }]) => Math.max(hard, soft)));
  return { epoch: EPOCH, seen: newest, newest, floor, keyFloor, marks: new Map(marks) };
}

const subject = (asOf: number, epoch = EPOCH) => ({
  stamp: { epoch, asOf },
  key: 'n:users:1',
  tags: ['team:1', 'all'],
});

const seq = fc.integer({ min: 0, max: 10 });
const target = fc.constantFrom<Target[]>(
  '*',
  'k:n:users:1',
  'k:n:users',
  'p:n',
  'p:n:users',
  'p:n:user',
  't:team:1',
  't:all',
  't:other',
);

describe('an explanation', () => {
  it('has the verdict of the one rule, and a cause that bears it out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(target, fc.record({ hard: seq, soft: seq }))),
        fc.record({ floor: seq, keyFloor: seq, asOf: seq, exact: fc.boolean() }),
        fc.constantFrom(EPOCH, 'b'.repeat(32)),
        (marks, { floor, keyFloor, asOf, exact }, epoch) => {
          const known = knowing(marks, floor, keyFloor);
          const of = subject(asOf, epoch);
          const { verdict, cause } = explain(known, of, exact);
          expect(verdict).toBe(judge(known, of, exact));
          if (verdict === 'valid') expect(cause).toBeUndefined();
          else if (cause?.by === 'mark') {
            expect(known.marks.get(cause.target)?.[cause.mode]).toBe(cause.seq);
            expect(cause.seq).toBeGreaterThan(asOf);
            expect(hits(new Set([cause.target]), of)).toBe(true);
            expect(cause.mode).toBe(verdict === 'invalid' ? 'hard' : 'soft');
          } else if (cause?.by === 'epoch') expect(epoch).not.toBe(EPOCH);
          else expect(cause?.seq).toBeGreaterThan(asOf);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('names the newest of several purges, and a hard one before a soft one', () => {
    const marks = [
      ['*', { hard: 0, soft: 9 }],
      ['t:all', { hard: 5, soft: 0 }],
      ['p:n', { hard: 7, soft: 8 }],
    ] as const;
    expect(explain(knowing(marks), subject(3), false)).toEqual({
      verdict: 'invalid',
      cause: { by: 'mark', target: 'p:n', mode: 'hard', seq: 7 },
    });
    expect(explain(knowing(marks), subject(7), false)).toEqual({
      verdict: 'stale',
      cause: { by: 'mark', target: '*', mode: 'soft', seq: 9 },
    });
  });

  test('tells a floor from the key floor, which counts for copies alone', () => {
    expect(explain(knowing([], 5), subject(4), true).cause).toEqual({ by: 'floor', seq: 5 });
    expect(explain(knowing([], 1, 6), subject(4), false).cause).toEqual({
      by: 'key-floor',
      seq: 6,
    });
    expect(explain(knowing([], 1, 6), subject(4), true).verdict).toBe('valid');
  });
});
