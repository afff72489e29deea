import { describe, expect, it, test } from 'vitest';
import type { Retention } from '../../../src/authority/authority.ts';
import { Ledger } from '../../../src/authority/ledger.ts';
import type { PurgeMode, Target } from '../../../src/tenant/target.ts';

const EPOCH = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);
const START = 1_000_000;
const FOREVER: Retention = { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 };

describe('a commit', () => {
  const MARK = START + 10;
  const asOf = (seq: number, epoch = EPOCH) => ({ epoch, asOf: seq });

  it.each([
    ['after everything', asOf(MARK), undefined, 'stored'],
    ['of another epoch', asOf(MARK + 5, OTHER), undefined, 'epoch'],
    ['from before the floor', asOf(START - 1), undefined, 'floor'],
    ['from before a purge of the key', asOf(MARK - 1), undefined, 'purged'],
    ['from when the key was purged', asOf(MARK), undefined, 'stored'],
    ['over an older entry', asOf(MARK + 2), asOf(MARK + 1), 'stored'],
    ['over an equal entry: it may be repeated', asOf(MARK + 2), asOf(MARK + 2), 'stored'],
    ['over a newer entry', asOf(MARK + 2), asOf(MARK + 3), 'newer'],
    [
      'over an entry of another epoch, however new',
      asOf(MARK + 2),
      asOf(MARK + 9, OTHER),
      'stored',
    ],
  ])('%s: %j', (_what, stamp, stands, outcome) => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(['k:a'], 'hard', MARK, FOREVER);
    expect(ledger.judgeCommit('a', stamp, stands)).toBe(outcome);
  });

  test('is not held back by soft purges, other keys, or marks of what holds the key: those the reader judges', () => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(['k:a'], 'soft', START + 1, FOREVER);
    ledger.mark(['k:a:b', 't:a', 'p:a', '*'], 'hard', START + 2, FOREVER);
    expect(ledger.judgeCommit('a', asOf(START), undefined)).toBe('stored');
  });

  test('from before either floor is dropped', () => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(['k:a', 'k:b'], 'hard', START + 10, { ...FOREVER, cap: 1 });
    expect(ledger.judgeCommit('c', asOf(START + 9), undefined)).toBe('floor');
    expect(ledger.judgeCommit('c', asOf(START + 10), undefined)).toBe('stored');
  });
});

describe('a value that supersedes', () => {
  const AT = START + 10;
  it.each<[string, readonly Target[], PurgeMode, number, boolean]>([
    ['no purge', [], 'hard', START, true],
    ['a purge of its tag', ['t:x'], 'hard', AT - 1, false],
    ['a soft purge of its tag', ['t:x'], 'soft', AT - 1, false],
    ['a purge of its tenant', ['*'], 'hard', AT - 1, false],
    ['a purge of a prefix of its key', ['p:n'], 'hard', AT - 1, false],
    ['a purge of its key as a prefix', ['p:n:users:1'], 'soft', AT - 1, false],
    ['a purge of its tag that was known', ['t:x'], 'hard', AT, true],
    ['a purge of another tag', ['t:z'], 'hard', AT - 1, true],
    ['a purge of a prefix that ends inside a segment', ['p:n:user'], 'hard', AT - 1, true],
    ['a purge of what is below it', ['p:n:users:1:a'], 'hard', AT - 1, true],
    ['a purge of its key, which it supersedes', ['k:n:users:1'], 'hard', AT - 1, true],
    ['a floor above what was known', [], 'hard', START - 1, false],
  ])('after %s', (_what, targets, mode, known, may) => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(targets, mode, AT, FOREVER);
    const stamp = { epoch: EPOCH, asOf: known };
    expect(ledger.maySupersede('n:users:1', ['x', 'y'], stamp)).toBe(may);
  });

  test('computed under another epoch is refused', () => {
    const stamp = { epoch: OTHER, asOf: START + 99 };
    expect(new Ledger(EPOCH, START).maySupersede('a', [], stamp)).toBe(false);
  });
});
