import { beforeEach, describe, expect, test } from 'vitest';
import { encodeFrame } from '../../src/codec/frame.ts';
import type { TelemetryEvent } from '../../src/telemetry/events.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { RegionalTier } from '../../src/tiers/regional.ts';
import { entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import { copyOf, describeTier } from './tier.ts';

const events: TelemetryEvent[] = [];
beforeEach(() => void events.splice(0));

/** Another call is another isolate of the same data centre. */
const make = (cache = (): Promise<Cache> => caches.open('contract')): RegionalTier =>
  new RegionalTier({
    cache,
    base: () => 'https://contract.test',
    lifetimeMs: 60_000,
    sink: (event) => void events.push(event),
  });

describeTier('regional, in the Cache API of workerd', () => make());

describe('regional', () => {
  /** Puts `value`, then the bytes and headers that `tamper` makes of what the cache holds. */
  async function planted(
    tamper: (frame: Uint8Array, headers: Headers, key: CacheKey) => Uint8Array,
  ): Promise<CacheKey> {
    const key = keyOf(newTenant(), ['planted', 'key']);
    const cache = await caches.open('contract');
    let url = '';
    const recording = {
      match: cache.match.bind(cache),
      delete: cache.delete.bind(cache),
      put: (request: RequestInfo | URL, response: Response) => {
        url = String(request instanceof Request ? request.url : request);
        return cache.put(request, response);
      },
    };
    await make(() => Promise.resolve(recording)).put(copyOf(key, entryOf('good')), Date.now());
    const stored = await cache.match(url);
    if (!stored) throw new Error(`The cache does not hold ${url}.`);
    const headers = new Headers(stored.headers);
    const frame = tamper(new Uint8Array(await stored.arrayBuffer()), headers, key);
    headers.set('content-length', String(frame.byteLength));
    await cache.put(url, new Response(frame, { headers }));
    return key;
  }

  test('another isolate of the data centre finds the copy', async () => {
    const key = keyOf(newTenant(), 'a');
    await make().put(copyOf(key, entryOf('shared')), Date.now());
    expect(text((await make().get(key, Date.now()))?.entry)).toBe('shared');
  });

  test('another data centre does not', async () => {
    const key = keyOf(newTenant(), 'a');
    await make().put(copyOf(key, entryOf('here')), Date.now());
    const there = make(() => caches.open('contract-elsewhere'));
    expect(await there.get(key, Date.now())).toBeUndefined();
  });

  test('what it reads has been found valid by nobody yet', async () => {
    const key = keyOf(newTenant(), 'a');
    await make().put({ ...copyOf(key, entryOf('a')), heldAt: 7 }, Date.now());
    expect((await make().get(key, Date.now()))?.heldAt).toBe(0);
  });

  test('what was planted unaltered is read: the cases below fail for what they alter', async () => {
    const key = await planted((frame) => frame);
    expect(text((await make().get(key, Date.now()))?.entry)).toBe('good');
    expect(events).toEqual([]);
  });

  const flipped = (frame: Uint8Array, at: number): Uint8Array => {
    const copy = frame.slice();
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  test.each([
    ['nothing at all', () => new Uint8Array(), 'short'],
    ['a frame cut short in its header', (frame) => frame.slice(0, 40), 'short'],
    ['a frame cut short in its value', (frame) => frame.slice(0, -1), 'checksum'],
    ['a byte more', (frame) => Uint8Array.of(...frame, 0), 'checksum'],
    ['a bit flipped in the value', (frame) => flipped(frame, frame.length - 1), 'checksum'],
    ['a bit flipped in the metadata', (frame) => flipped(frame, 70), 'checksum'],
    ['a bit flipped in the checksum', (frame) => flipped(frame, 54), 'checksum'],
    ['a stamp that is none', (frame) => frame.with(40, 0x78), 'stamp'],
    ['flags of a later version', (frame) => frame.with(52, 0x80), 'flags'],
    ['another version', (frame) => frame.with(3, 0x32), 'version'],
    ['a web page', () => new TextEncoder().encode('<html>'.padEnd(200)), 'magic'],
    [
      "another key's frame",
      (_, __, key) => encodeFrame(keyOf(key.tenant, 'another').fullName, entryOf('wrong')),
      'checksum',
    ],
    [
      "the same key's frame of another tenant",
      () => encodeFrame(keyOf(newTenant(), ['planted', 'key']).fullName, entryOf('wrong')),
      'checksum',
    ],
  ] satisfies [string, Parameters<typeof planted>[0], string][])(
    'planted %s is a miss and an event, never an error',
    async (_, tamper, fault) => {
      const key = await planted(tamper);
      expect(await make().get(key, Date.now())).toBeUndefined();
      expect(events).toEqual([
        { type: 'frame_invalid', tenant: key.tenant, tier: 'regional', fault },
      ]);
    },
  );

  test.each([
    ['missing', undefined],
    ['no number', 'soon'],
    ['empty', ''],
  ])('a copy whose deadline is %s is a miss', async (_, until) => {
    const key = await planted((frame, headers) => {
      headers.delete('x-tiercel-until');
      if (until !== undefined) headers.set('x-tiercel-until', until);
      return frame;
    });
    expect(await make().get(key, Date.now())).toBeUndefined();
  });

  test('a cache that fails is an error of the tier, for the engine to report', async () => {
    const broken = make(() => Promise.reject(new Error('no cache here')));
    await expect(broken.get(keyOf(newTenant(), 'a'), Date.now())).rejects.toThrow('no cache here');
  });

  test('has no list of what it holds', () => {
    expect('deleteWhere' in make()).toBe(false);
  });
});
