import { describe, expect, test } from 'vitest';
import {
  excessOf,
  MAX_ORIGIN_FIELD_BYTES,
  MAX_ORIGIN_FIELDS,
} from '../../../src/gateway/origin-fault.ts';

describe('what an origin may answer in header fields', () => {
  test('500 of them, and no more', () => {
    const fields = (count: number): Headers =>
      new Headers(Array.from({ length: count }, (_, at): [string, string] => [`x-${at}`, 'v']));
    expect(MAX_ORIGIN_FIELDS).toBe(500);
    expect(excessOf(fields(500))).toBeUndefined();
    expect(excessOf(fields(501))).toMatch(/more than 500 header fields/);
  });

  test('64 KiB of them, names and separators counted, and no byte more', () => {
    const bytes = (size: number): Headers =>
      new Headers([
        ['a', 'x'.repeat(1000)],
        ['set-cookie', 'y'.repeat(1000)],
        ['set-cookie', 'z'.repeat(size - 1005 - 1014 - 14)],
      ]);
    expect(MAX_ORIGIN_FIELD_BYTES).toBe(64 * 1024);
    expect(excessOf(bytes(65_536))).toBeUndefined();
    expect(excessOf(bytes(65_537))).toMatch(/more than 65536 bytes/);
  });
});
