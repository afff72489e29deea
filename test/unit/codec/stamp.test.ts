import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  CLEAR_HEADER_LENGTH,
  formatClearHeader,
  formatSeq,
  parseClearHeader,
} from '../../../src/codec/stamp.ts';
import { InvalidFrame } from '../../../src/errors.ts';
import { epoch } from '../support/arbitraries.ts';

const seq = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const EPOCH = '0123456789abcdef0123456789abcdef';

describe('the clear header', () => {
  test('is 52 ASCII characters: magic, epoch, asOf with leading zeros', () => {
    const header = formatClearHeader({ epoch: EPOCH, asOf: 1_785_542_400_000_000 });
    expect(header).toBe(`TCL1${EPOCH}1785542400000000`);
    expect(header).toHaveLength(CLEAR_HEADER_LENGTH);
    expect(CLEAR_HEADER_LENGTH).toBe(52);
  });

  test('is read back as it was written, whatever stands behind it', () => {
    fc.assert(
      fc.property(epoch, seq, fc.string(), (of, asOf, behind) => {
        const stamp = { epoch: of, asOf };
        expect(parseClearHeader(formatClearHeader(stamp) + behind)).toEqual(stamp);
      }),
    );
  });

  it.each([
    ['nothing', '', 'short'],
    ['a header cut short', `TCL1${EPOCH}000000000000001`, 'short'],
    ['another magic', `XCL1${EPOCH}0000000000000001`, 'magic'],
    ['the magic in lower case', `tcl1${EPOCH}0000000000000001`, 'magic'],
    ['a later version', `TCL2${EPOCH}0000000000000001`, 'version'],
    ['an epoch in upper case', `TCL1${EPOCH.toUpperCase()}0000000000000001`, 'stamp'],
    ['an epoch that is not hexadecimal', `TCL1${'g'.repeat(32)}0000000000000001`, 'stamp'],
    ['an asOf with spaces', `TCL1${EPOCH}               1`, 'stamp'],
    ['an asOf with a sign', `TCL1${EPOCH}-000000000000001`, 'stamp'],
    ['an asOf in hexadecimal', `TCL1${EPOCH}0x00000000000001`, 'stamp'],
  ])('%s is a miss: %s', (_what, header, fault) => {
    expect(() => parseClearHeader(header)).toThrow(expect.objectContaining({ fault }) as Error);
    expect(() => parseClearHeader(header)).toThrow(InvalidFrame);
  });
});

test('seqs compare as text as they do as numbers: scripts compare them so', () => {
  fc.assert(
    fc.property(seq, seq, (one, other) => {
      expect(formatSeq(one) < formatSeq(other)).toBe(one < other);
      expect(formatSeq(one)).toHaveLength(16);
    }),
  );
});
