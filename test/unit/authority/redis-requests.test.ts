import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MAX_REQUEST_BYTES,
  MAX_REQUEST_CALLS,
  requestsOf,
} from '../../../src/authority/redis/requests.ts';
import type { ScriptCall } from '../../../src/authority/redis/script.ts';
import { UnserializableValue } from '../../../src/errors.ts';

const SCRIPT_BYTES = 5000;
const callOf = (frame: string): ScriptCall => ({
  keys: ['ledger', 'entry'],
  args: ['id', frame],
  entry: 'entry',
});
/** Bytes of the calls as JSON, with the text of the script for each; the last comma of each is its bracket. */
const sent = (calls: readonly ScriptCall[]): number =>
  calls.reduce(
    (sum, { keys, args }) =>
      sum + new TextEncoder().encode(JSON.stringify([...keys, ...args])).byteLength + SCRIPT_BYTES,
    0,
  );

describe('the requests that calls are cut into', () => {
  test('nothing is no request', () => {
    expect(requestsOf([], SCRIPT_BYTES)).toEqual([]);
  });

  test('keep all calls in order, are within both limits, and none is longer than it has to be', () => {
    const size = fc.oneof(fc.nat(1000), fc.integer({ min: 100_000, max: 7_900_000 }));
    fc.assert(
      fc.property(fc.array(size, { maxLength: 600 }), (sizes) => {
        // One string, cut: the sizes matter and not what is in them.
        const calls = sizes.slice(0, 40).map((length) => callOf(FRAME.slice(0, length)));
        const many = sizes.slice(40).map(() => callOf('x'));
        const requests = requestsOf([...calls, ...many], SCRIPT_BYTES);
        expect(requests.flat()).toEqual([...calls, ...many]);
        for (const [at, request] of requests.entries()) {
          expect(request.length).toBeGreaterThan(0);
          expect(request.length).toBeLessThanOrEqual(MAX_REQUEST_CALLS);
          const next = requests[at + 1]?.[0];
          if (next && request.length < MAX_REQUEST_CALLS)
            expect(sent([...request, next])).toBeGreaterThan(MAX_REQUEST_BYTES);
          expect(sent(request) - request.length).toBeLessThanOrEqual(MAX_REQUEST_BYTES);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('count what JSON and UTF-8 make of a text', () => {
    for (const character of ['"', '\\', '\n', '\u0000', 'ü', '€', '🗺', '\u007f']) {
      const frame = character.repeat(Math.floor(MAX_REQUEST_BYTES / 12));
      const bytes = sent([callOf(frame)]);
      const count = Math.floor(MAX_REQUEST_BYTES / bytes);
      const calls = Array.from({ length: 2 * count }, () => callOf(frame));
      expect({ character, requests: requestsOf(calls, SCRIPT_BYTES).length }).toEqual({
        character,
        requests: 2,
      });
    }
  });

  test('a call over the limit on its own is an error with its bytes, its limit and its name; one below it is none', () => {
    const room = MAX_REQUEST_BYTES - sent([callOf('')]);
    expect(requestsOf([callOf('x'.repeat(room + 1))], SCRIPT_BYTES)).toHaveLength(1);
    const over = () => requestsOf([callOf(''), callOf('x'.repeat(room + 2))], SCRIPT_BYTES);
    expect(over).toThrow(UnserializableValue);
    expect(over).toThrow(/can't be stored: as a command it has 80\d{5} bytes, .* may have 8000000/);
    expect(over).toThrow(
      expect.objectContaining({ key: 'entry', tier: 'redis', retryable: false }),
    );
  });
});

const FRAME = 'A'.repeat(7_900_000);
