import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseAnswer, parseLedger } from '../../../src/authority/redis/reply.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { encodeKey } from '../../../src/tenant/segments.ts';
import { keyTarget, prefixTarget, tagTarget } from '../../../src/tenant/target.ts';
import { segments, text } from '../support/arbitraries.ts';

const ID = '0123456789abcdef0123456789abcdef';
const EPOCH = [`e:${ID}:${'f'.repeat(40)}:100:200`, 'inf'];

describe('a ledger as Redis answers it', () => {
  test('none is none', () => {
    expect(parseLedger([], 0)).toBeUndefined();
  });

  test('its marks, its epoch and its floors, from where it was asked', () => {
    const rows = ['h:k:e:a', '1785542400000001', 's:t:x:y', 1785542400000002, 'h:*', '3', ...EPOCH];
    expect(parseLedger(rows, 42)).toEqual({
      since: 42,
      epoch: ID,
      floor: 100,
      keyFloor: 200,
      marks: [
        { target: 'k:e:a', mode: 'hard', seq: 1_785_542_400_000_001 },
        { target: 't:x:y', mode: 'soft', seq: 1_785_542_400_000_002 },
        { target: '*', mode: 'hard', seq: 3 },
      ],
    });
  });

  test('of a Redis that does not tell its run id', () => {
    expect(parseLedger([`e:${ID}::1:2`, 'inf'], 0)).toMatchObject({ floor: 1, keyFloor: 2 });
  });

  test('whatever was marked is read back: no key and no tag can make a ledger unreadable', () => {
    fc.assert(
      fc.property(segments, text, (list, tag) => {
        fc.pre(tag !== '');
        const key = encodeKey(list);
        const targets = [keyTarget(key), prefixTarget(key), tagTarget(tag)];
        const rows = targets.flatMap((target, at) => [`h:${target}`, String(at + 1)]);
        expect(parseLedger([...rows, ...EPOCH], 0)?.marks).toEqual(
          targets.map((target, at) => ({ target, mode: 'hard', seq: at + 1 })),
        );
      }),
    );
  });

  it.each<[string, unknown]>([
    ['no list', 'OK'],
    ['nothing', null],
    ['a ledger without an epoch', ['h:*', '1']],
    ['an epoch that is too short', ['e:abc:f:1:2', 'inf']],
    ['an epoch without floors', [`e:${ID}:f`, 'inf']],
    ['a member that is a number', [1, '1', ...EPOCH]],
    ['a member without a score', [...EPOCH, 'h:*']],
    ['a score that is a list', ['h:*', [], ...EPOCH]],
    ['a score that is no number', ['h:*', 'x', ...EPOCH]],
    ['a score with a fraction', ['h:*', '1.5', ...EPOCH]],
    ['a score that a double rounds', ['h:*', '9007199254740993', ...EPOCH]],
    ['a mark of another mode', ['x:*', '1', ...EPOCH]],
    ['a mark of no target', ['h:', '1', ...EPOCH]],
    ['a mark of a target without a kind', ['h:a', '1', ...EPOCH]],
    ['a mark of an unknown target', ['h:q:a', '1', ...EPOCH]],
    ['the reply of another command', ['tc:v1:t:a:k', 'value']],
  ])('%s is out of protocol', (_what, rows) => {
    expect(() => parseLedger(rows, 0)).toThrow(AuthorityUnavailable);
  });

  test('anything else is out of protocol, and nothing but that is thrown', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (rows) => {
        try {
          parseLedger(rows, 0);
        } catch (error) {
          expect(error).toBeInstanceOf(AuthorityUnavailable);
          expect(error).toMatchObject({ retryable: true });
        }
      }),
    );
  });
});

describe('the answer of a script', () => {
  test('is the newest seq, from where it answers, and the ledger', () => {
    expect(parseAnswer(['77', '50', ['h:*', '77', ...EPOCH]])).toEqual({
      seq: 77,
      ledger: expect.objectContaining({ since: 50, epoch: ID }) as unknown,
    });
  });

  it.each<[string, unknown]>([
    ['no list', '1'],
    ['too short', ['1', '0']],
    ['too long', ['1', '0', EPOCH, 1]],
    ['no seq', ['x', '0', EPOCH]],
    ['no beginning', ['1', 'x', EPOCH]],
    ['no rows', ['1', '0', null]],
    ['an empty ledger, which a script has just made', ['1', '0', []]],
  ])('%s is out of protocol', (_what, reply) => {
    expect(() => parseAnswer(reply)).toThrow(AuthorityUnavailable);
  });
});
