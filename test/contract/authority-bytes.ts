import { describe, expect, test } from 'vitest';
import type { LedgerReply, Mark } from '../../src/authority/authority.ts';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  type PurgeMode,
  type Target,
} from '../../src/tenant/target.ts';
import { newTenant } from '../support/entries.ts';
import { expectCovered, markEach } from './authority-issued.ts';
import { opened, wholeLedger, type MakeWorld } from './authority-world.ts';

/** What the caps allow a mark on average. */
const MARK_BYTES = 128;
const MODE_BYTES = 2;
const CAP = 320;
/** Redis looks for what to trim when so many marks have come. */
const STEP = CAP / 32;
/** The longest key that the gateway stores anything under. */
const LONG = 4096;
/** The member of a ledger with such a key: mode, kind and key. */
const LONG_MEMBER = MODE_BYTES + 2 + LONG;

const encoder = new TextEncoder();
const memberBytes = ({ target }: Pick<Mark, 'target'>): number =>
  MODE_BYTES + encoder.encode(target).byteLength;
const bytesOf = (marks: readonly Mark[]): number =>
  marks.reduce((sum, mark) => sum + memberBytes(mark), 0);
const isOfKeys = ({ mode, target }: Mark): boolean => mode === 'hard' && target.startsWith('k:');

const long = (at: number): string => `${at}:`.padEnd(LONG, 'x');
const many = (count: number, make: (name: string) => Target): Target[] =>
  Array.from({ length: count }, (_, at) => make(long(at)));

/** A ledger keeps so many bytes and no more, however long the marks are: every cold isolate reads all of them. */
export function describeByteCaps(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: the bytes of a ledger`, () => {
    const limit = 2 * MARK_BYTES * CAP * (1 + 1 / 32) + STEP * LONG_MEMBER;

    test('no answer is over the limit while marks of keys of 4 KB come, of any kind', async () => {
      const { authority } = make({ cap: CAP });
      const tenant = newTenant();
      await opened(authority, tenant);
      const issued = [
        ...(await markEach(authority, tenant, many(45, keyTarget))),
        ...(await markEach(authority, tenant, many(45, prefixTarget))),
        ...(await markEach(authority, tenant, many(45, keyTarget), 'soft')),
        ...(await markEach(authority, tenant, many(45, keyTarget))),
      ];
      for (const { ledger } of issued) expect(bytesOf(ledger.marks)).toBeLessThan(limit);
      const ledger = await wholeLedger(authority, tenant);
      expect(bytesOf(ledger.marks)).toBeLessThan(limit);
      // No more is dropped than has to be: of each kind as much as the cap is there, but for less than a mark.
      for (const kind of [true, false]) {
        const marks = ledger.marks.filter((mark) => isOfKeys(mark) === kind);
        expect(bytesOf(marks)).toBeGreaterThan(MARK_BYTES * CAP - LONG_MEMBER);
      }
    });

    const kinds: readonly (readonly [string, (name: string) => Target, PurgeMode])[] = [
      ['hard key', keyTarget, 'hard'],
      ['soft key', keyTarget, 'soft'],
      ['prefix', prefixTarget, 'hard'],
      ['tag', tagTarget, 'hard'],
    ];
    test.each(kinds)(
      'the oldest %s marks go, and their floor covers each of them; the other floor stays',
      async (_, makeTarget, mode) => {
        const { authority } = make({ cap: CAP });
        const tenant = newTenant();
        const { seen } = await opened(authority, tenant);
        const issued = await markEach(authority, tenant, many(60, makeTarget), mode);
        const ledger = await wholeLedger(authority, tenant);
        const kept = ledger.marks.length;
        expect(kept).toBeLessThanOrEqual(Math.floor((MARK_BYTES * CAP) / LONG_MEMBER) + STEP);
        expect(ledger.marks.map((mark) => mark.seq)).toEqual(
          issued.slice(-kept).map((mark) => mark.seq),
        );
        await expectCovered(authority, tenant, issued);
        const [raised, other] = issued.every(isOfKeys)
          ? [ledger.keyFloor, ledger.floor]
          : [ledger.floor, ledger.keyFloor];
        expect(raised).toBeGreaterThan(seen);
        expect(other).toBe(seen);
      },
    );

    /** What is left of 64 marks of one call whose members are all so long. */
    async function left(makeTarget: (at: number) => Target, cap = 64): Promise<LedgerReply> {
      const { authority } = make({ cap });
      const targets = Array.from({ length: 64 }, (_, at) => makeTarget(at));
      return (await authority.mark(newTenant(), targets, 'hard', undefined)).ledger;
    }
    const ofLength = (bytes: number) => (at: number) =>
      tagTarget(`${at}`.padEnd(bytes - MODE_BYTES - 't:'.length, '-'));

    test('64 marks of 128 bytes are within a cap of 64; one byte more each, and one goes', async () => {
      expect((await left(ofLength(128))).marks).toHaveLength(64);
      const { marks } = await left(ofLength(129));
      expect(marks).toHaveLength(63);
      expect(marks.some((mark) => mark.target.startsWith('t:0-'))).toBe(false);
    });

    test('bytes are counted, not characters', async () => {
      // 2 + 2 + 2 + 77 * 2 = 160 bytes: 51 of them are within 64 * 128.
      const { marks } = await left((at) => tagTarget(String(at).padStart(2, '0') + 'ü'.repeat(77)));
      expect(marks).toHaveLength(51);
    });

    test('short marks are kept by their number, whatever is left of the bytes', async () => {
      expect((await left((at) => keyTarget(String(at)), 32)).marks).toHaveLength(32);
    });
  });
}
