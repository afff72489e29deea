import { describe, expect, test } from 'vitest';
import type { Retention } from '../../../src/authority/authority.ts';
import { Ledger } from '../../../src/authority/ledger.ts';
import type { Target } from '../../../src/tenant/target.ts';

const EPOCH = 'a'.repeat(32);
const START = 1_000_000;
const FOREVER: Retention = { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 };

describe('the bytes of a ledger', () => {
  test('marks may take 128 bytes on average, their mode included: the oldest are trimmed, and a floor covers each', () => {
    const two = { ...FOREVER, cap: 2 };
    const sized = (kind: 'k' | 't', name: string, bytes: number): Target =>
      `${kind}:${name.padEnd(bytes - 4, 'x')}`;
    const marked = (...targets: Target[]) => {
      const ledger = new Ledger(EPOCH, START);
      ledger.mark(targets, 'hard', START + 10, two);
      const { floor, keyFloor, marks } = ledger.reply(0);
      return { floor, keyFloor, kept: marks.map((mark) => mark.seq) };
    };
    for (const [kind, raised] of [
      ['k', 'keyFloor'],
      ['t', 'floor'],
    ] as const) {
      const whole = { floor: START, keyFloor: START };
      // Exactly the cap of two marks, then one byte more.
      expect(marked(sized(kind, 'a', 56), sized(kind, 'b', 200))).toEqual({
        ...whole,
        kept: [START + 10, START + 11],
      });
      expect(marked(sized(kind, 'a', 57), sized(kind, 'b', 200))).toEqual({
        ...whole,
        [raised]: START + 10,
        kept: [START + 11],
      });
      // One that is larger than the whole cap is covered as well.
      expect(marked(sized(kind, 'a', 4), sized(kind, 'b', 257))).toEqual({
        ...whole,
        [raised]: START + 11,
        kept: [],
      });
    }
  });

  test('many bytes of keys leave the floor of the tenant alone, and many of others that of the keys', () => {
    const one = { ...FOREVER, cap: 3 };
    const huge = 'x'.repeat(4000);
    const keys = new Ledger(EPOCH, START);
    keys.mark(['t:x', `k:${huge}`], 'hard', START + 10, one);
    expect(keys.reply(0)).toMatchObject({ floor: START, keyFloor: START + 11 });
    expect(keys.reply(0).marks.map((mark) => mark.target)).toEqual(['t:x']);
    const others = new Ledger(EPOCH, START);
    others.mark(['k:a', `p:${huge}`], 'hard', START + 10, one);
    expect(others.reply(0)).toMatchObject({ floor: START + 11, keyFloor: START });
    expect(others.reply(0).marks.map((mark) => mark.target)).toEqual(['k:a']);
  });

  test('what is marked again takes its bytes once', () => {
    const ledger = new Ledger(EPOCH, START);
    const wide: Target = `t:${'x'.repeat(100)}`;
    for (let at = 1; at <= 20; at += 1)
      ledger.mark([wide, 't:y'], 'hard', START + 10 * at, { ...FOREVER, cap: 2 });
    expect(ledger.reply(0)).toMatchObject({ floor: START });
    expect(ledger.reply(0).marks).toHaveLength(2);
  });

  test('the cap counts bytes, not characters: a tag may be any text', () => {
    // 82 characters of three bytes, behind `h:t:`: 250 bytes, of the 256 that two marks may take.
    const tag = (name: string): Target => `t:${name}${'\u6f22'.repeat(82)}`;
    const ledger = new Ledger(EPOCH, START);
    ledger.mark([tag('a'), tag('b')], 'hard', START + 10, { ...FOREVER, cap: 2 });
    expect(ledger.reply(0)).toMatchObject({ floor: START + 10 });
    expect(ledger.reply(0).marks.map((mark) => mark.target)).toEqual([tag('b')]);
  });

  test('what it takes in memory grows and falls with its marks', () => {
    const ledger = new Ledger(EPOCH, START);
    const empty = ledger.bytes;
    ledger.mark(['t:a', 'k:a'], 'hard', START + 10, FOREVER);
    ledger.mark(['t:a'], 'soft', START + 20, FOREVER);
    expect(ledger.bytes).toBe(empty + 3 * (128 + 2 * 'h:t:a'.length));
    ledger.mark(['k:ü'], 'hard', START + 30, { ...FOREVER, cap: 1 });
    // The other key mark and the hard tag mark were trimmed.
    expect(ledger.bytes).toBe(empty + 2 * 128 + 2 * ('s:t:a'.length + 'h:k:..'.length));
  });
});
