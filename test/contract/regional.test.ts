import { beforeEach, describe, expect, test } from 'vitest';
import { FrameCodec } from '../../src/codec/frame.ts';
import { Guard } from '../../src/resilience/guard.ts';
import { platformRuntime } from '../../src/runtime.ts';
import type { TelemetryEvent } from '../../src/telemetry/events.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { guardTier } from '../../src/tiers/guarded.ts';
import { platformCache, RegionalTier, type RegionalOptions } from '../../src/tiers/regional.ts';
import { entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import { copyOf, describeTier } from './tier.ts';

const events: TelemetryEvent[] = [];
beforeEach(() => void events.splice(0));

/** Another call is another isolate of the same data centre. */
const make = (
  cache: RegionalOptions['cache'] = () => platformCache('contract'),
  options: Partial<RegionalOptions> = {},
): RegionalTier =>
  new RegionalTier({
    cache,
    base: () => 'https://contract.test',
    lifetimeMs: 60_000,
    frames: new FrameCodec(),
    sink: (event) => void events.push(event),
    ...options,
  });

/** The cache of workerd, each call recorded, and `match` replaced where a test says so. */
async function recorded(match?: Cache['match']): Promise<{ cache: Cache; calls: string[] }> {
  const real = await caches.open('contract');
  const calls: string[] = [];
  const cache: Cache = {
    match: (...args) => {
      calls.push('match');
      return match ? match(...args) : real.match(...args);
    },
    put: (...args) => {
      calls.push('put');
      return real.put(...args);
    },
    delete: (...args) => {
      calls.push('delete');
      return real.delete(...args);
    },
  };
  return { cache, calls };
}

describeTier('regional, in the Cache API of workerd', () => make());
describeTier('regional, compressing', () =>
  make(undefined, { frames: new FrameCodec({ compressionThreshold: 1 }) }),
);
describeTier('regional, under a guard', () => {
  const clock = platformRuntime({ waitUntil: () => undefined });
  return guardTier(make(), new Guard({ name: 'regional', deadlineMs: 10_000, clock }));
});

describe('regional', () => {
  /** Puts `value`, then the bytes and headers that `tamper` makes of what the cache holds. */
  async function planted(
    tamper: (
      frame: Uint8Array,
      headers: Headers,
      key: CacheKey,
    ) => Uint8Array | Promise<Uint8Array>,
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
    const frame = await tamper(new Uint8Array(await stored.arrayBuffer()), headers, key);
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

  test('an examination tells the fault of what can’t be read, and reports nothing', async () => {
    const key = await planted((frame) => frame.slice(0, -1));
    expect(await make().examine(key)).toEqual({ state: 'undecodable', fault: 'checksum' });
    expect(events).toEqual([]);
  });

  test('an examination shows a copy whose time is over', async () => {
    const key = await planted((frame, headers) => {
      headers.set('x-tiercel-until', '1');
      return frame;
    });
    expect(await make().get(key, Date.now())).toBeUndefined();
    expect(await make().examine(key)).toMatchObject({ state: 'copy', copy: { until: 1 } });
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
      (_, __, key) => new FrameCodec().encode(keyOf(key.tenant, 'another'), entryOf('wrong')),
      'checksum',
    ],
    [
      "the same key's frame of another tenant",
      () => new FrameCodec().encode(keyOf(newTenant(), ['planted', 'key']), entryOf('wrong')),
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

  describe('finds out whether the cache keeps anything', () => {
    const MINUTES = 60_000;
    const put = async (tier: RegionalTier, now: number): Promise<CacheKey> => {
      const key = keyOf(newTenant(), 'a');
      await tier.put(copyOf(key, entryOf('a'), now + 60 * MINUTES), now);
      return key;
    };
    const nothing: Cache['match'] = () => Promise.resolve(undefined);

    test('with one call more than an isolate needs otherwise', async () => {
      const { cache, calls } = await recorded();
      const tier = make(() => Promise.resolve(cache));
      expect(tier.status()).toBe('unknown');
      await put(tier, Date.now());
      expect(tier.status()).toBe('works');
      await put(tier, Date.now());
      await put(tier, Date.now());
      expect(calls).toEqual(['put', 'match', 'put', 'put']);
      expect(events).toEqual([]);
    });

    test('with one call more also when several puts are the first', async () => {
      const { cache, calls } = await recorded();
      const tier = make(() => Promise.resolve(cache));
      await Promise.all([put(tier, Date.now()), put(tier, Date.now()), put(tier, Date.now())]);
      expect(calls.filter((call) => call === 'match')).toHaveLength(1);
    });

    test('with none when a hit shows it first; a miss shows nothing', async () => {
      const key = await put(make(), Date.now());
      const { cache, calls } = await recorded();
      const tier = make(() => Promise.resolve(cache));
      await tier.get(keyOf(newTenant(), 'a'), Date.now());
      expect(tier.status()).toBe('unknown');
      await tier.get(key, Date.now());
      expect(tier.status()).toBe('works');
      await put(tier, Date.now());
      expect(calls).toEqual(['match', 'match', 'put']);
    });

    test('and reports one that keeps nothing once, and then leaves it alone for minutes', async () => {
      const { cache, calls } = await recorded(nothing);
      const tier = make(() => Promise.resolve(cache));
      const now = Date.now();
      const key = await put(tier, now);
      expect(tier.status()).toBe('inert');
      expect(events).toEqual([{ type: 'tier_inert', tier: 'regional' }]);
      await put(tier, now + 3 * MINUTES - 1);
      expect(await tier.get(key, now + 3 * MINUTES - 1)).toBeUndefined();
      expect(await tier.get(key, now + 3 * MINUTES)).toBeUndefined();
      expect(calls).toEqual(['put', 'match']);
      await put(tier, now + 3 * MINUTES);
      expect(calls).toEqual(['put', 'match', 'put', 'match']);
      await put(tier, now + 4 * MINUTES);
      expect(calls).toHaveLength(4);
      expect(events).toHaveLength(1);
    });

    test('and uses one that has begun to work', async () => {
      let inert = true;
      const real = await caches.open('contract');
      const { cache } = await recorded((...args) =>
        inert ? nothing(...args) : real.match(...args),
      );
      const tier = make(() => Promise.resolve(cache));
      const now = Date.now();
      await put(tier, now);
      inert = false;
      const key = await put(tier, now + 3 * MINUTES);
      expect(tier.status()).toBe('works');
      expect(text((await tier.get(key, now + 3 * MINUTES))?.entry)).toBe('a');
    });

    test('and deletes from one that keeps nothing all the same: what is known may be out of date', async () => {
      const { cache, calls } = await recorded(nothing);
      const tier = make(() => Promise.resolve(cache));
      await tier.delete(await put(tier, Date.now()));
      expect(calls).toEqual(['put', 'match', 'delete']);
    });

    test('again when the probe failed, which is an error of the tier', async () => {
      const { cache, calls } = await recorded(() => Promise.reject(new Error('no answer')));
      const tier = make(() => Promise.resolve(cache));
      await expect(put(tier, Date.now())).rejects.toThrow('no answer');
      expect(tier.status()).toBe('unknown');
      await expect(put(tier, Date.now())).rejects.toThrow('no answer');
      expect(calls).toEqual(['put', 'match', 'put', 'match']);
    });

    test('again when the owner of the probe has vanished, once it has aged', async () => {
      let vanished = false;
      const real = await caches.open('contract');
      const { cache, calls } = await recorded((...args) => {
        if (vanished) return real.match(...args);
        vanished = true;
        return new Promise(() => undefined);
      });
      const tier = make(() => Promise.resolve(cache));
      const now = Date.now();
      void put(tier, now);
      await expect.poll(() => calls).toContain('match');
      await put(tier, now + 9999);
      expect(tier.status()).toBe('unknown');
      await put(tier, now + 10_000);
      expect(tier.status()).toBe('works');
    });

    test('and takes a platform without caches for one that keeps nothing', async () => {
      const tier = make(() => undefined);
      const now = Date.now();
      const key = keyOf(newTenant(), 'a');
      expect(await tier.get(key, now)).toBeUndefined();
      await put(tier, now);
      await tier.delete(key);
      expect(tier.status()).toBe('inert');
      expect(events).toEqual([{ type: 'tier_inert', tier: 'regional' }]);
    });
  });

  test('has no list of what it holds', () => {
    expect('deleteWhere' in make()).toBe(false);
  });
});
