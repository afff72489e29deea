import { describe, expect, it, test } from 'vitest';
import { InIsolateAuthority } from '../../../src/authority/in-isolate.ts';
import type { Authority } from '../../../src/authority/authority.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import type { Entry } from '../../../src/codec/entry.ts';
import { KeySpace } from '../../../src/tenant/key.ts';
import { MemoryTier } from '../../../src/tiers/memory.ts';
import type { Copy, Tier } from '../../../src/tiers/tier.ts';
import {
  Meter,
  meteredAuthority,
  meteredFetch,
  meteredTier,
} from '../../../src/warming/metered.ts';
import { MapStore } from '../../support/entry-store.ts';
import { manualRuntime } from '../support/runtime.ts';
import { tenantId } from '../support/tenants.ts';

const acme = tenantId('acme');
const keys = new KeySpace('tc', 1);
const key = keys.key(acme, 'e:a');
const runtime = manualRuntime();
const now = runtime.now();
const entry: Entry = {
  value: new Uint8Array([1, 2]),
  form: { type: 'value', contentType: 'text/plain' },
  etag: undefined,
  createdAt: now,
  freshUntil: now + 1000,
  staleUntil: now + 1000,
  staleIfErrorUntil: now + 1000,
  expiresAt: now + 1000,
  lifeUntil: now + 1000,
  tags: [],
  loadMs: 1,
  stamp: { epoch: 'a'.repeat(32), asOf: 1 },
};

const inIsolate = (): InIsolateAuthority =>
  new InIsolateAuthority(runtime, {
    store: new MapStore(),
    keys,
    retention: { entriesMs: 1e9, copiesMs: 1e9, cap: 100 },
  });

/** An authority whose calls leave the isolate, as far as its caller can tell. */
function authority(): Authority {
  const inner = inIsolate();
  return {
    name: 'redis',
    local: false,
    read: (...args) => inner.read(...args),
    heads: (...args) => inner.heads(...args),
    confirm: (...args) => inner.confirm(...args),
    mark: (...args) => inner.mark(...args),
    markEverything: (...args) => inner.markEverything(...args),
    commit: (...args) => inner.commit(...args),
    supersede: (...args) => inner.supersede(...args),
    touch: (...args) => inner.touch(...args),
    lease: (...args) => inner.lease(...args),
    release: (...args) => inner.release(...args),
    examine: (...args) => inner.examine(...args),
    sample: (...args) => inner.sample(...args),
  };
}

describe('a budget', () => {
  test('is spent before a request is sent, and never passed', () => {
    const meter = new Meter(3);
    expect(meter.limit).toBe(3);
    meter.spend(2);
    expect([meter.spent, meter.allows(1), meter.allows(2)]).toEqual([2, true, false]);
    expect(() => meter.spend(2)).toThrow(AuthorityUnavailable);
    expect(meter.spent).toBe(2);
    meter.spend(1);
    expect(meter.allows(0)).toBe(true);
    expect(meter.allows(1)).toBe(false);
  });

  test('that is spent stops the authority, the tiers outside and the origin, and sends nothing', async () => {
    const meter = new Meter(0);
    let sent = 0;
    const send = (): Promise<never> => {
      sent += 1;
      return Promise.reject(new Error('sent'));
    };
    const spent = /budget of 0 outgoing requests is spent/;
    const outside: Tier = {
      name: 'regional',
      local: false,
      lifetimeMs: 1,
      get: send,
      put: send,
      delete: send,
    };
    const tier = meteredTier(outside, meter);
    await expect(tier.get(key, now)).rejects.toThrow(spent);
    await expect(tier.delete(key)).rejects.toThrow(spent);
    await expect(meteredFetch(send, meter)('https://o.example/', {})).rejects.toThrow(spent);
    await expect(meteredAuthority(authority(), meter).read(acme, [], 0)).rejects.toThrow(spent);
    expect(sent).toBe(0);
  });
});

test('an authority inside the isolate sends nothing: it is left as it is, and no budget stops it', async () => {
  const meter = new Meter(0);
  const local = inIsolate();
  const metered = meteredAuthority(local, meter);
  expect(metered).toBe(local);
  expect(metered.local).toBe(true);
  const { epoch, floor } = await metered.confirm(acme, undefined);
  const stamped = { ...entry, stamp: { epoch, asOf: floor } };
  expect(await metered.commit([{ key, entry: stamped }])).toEqual(['stored']);
  expect(meter.spent).toBe(0);
});

describe('what an authority sends is counted from above: a script may be two requests', () => {
  it.each<[string, number, (of: Authority) => Promise<unknown>]>([
    ['read', 1, (of) => of.read(acme, [key], 0)],
    ['heads', 1, (of) => of.heads({ epoch: 'a', seen: 1 })],
    ['confirm', 2, (of) => of.confirm(acme, undefined)],
    ['mark', 2, (of) => of.mark(acme, ['k:e:a'], 'hard', undefined)],
    ['markEverything', 2, (of) => of.markEverything('hard')],
    ['commit', 4, (of) => of.commit([{ key, entry }])],
    [
      'commit of two',
      6,
      (of) =>
        of.commit([
          { key, entry },
          { key, entry },
        ]),
    ],
    ['supersede', 2, (of) => of.supersede([{ key, draft: entry, knownAs: entry.stamp }])],
    ['touch', 5, (of) => of.touch(key, (stored) => stored)],
    ['lease', 1, (of) => of.lease(key, 'token', 1000, 0)],
    ['release', 2, (of) => of.release(key, 'token')],
    ['examine', 1, (of) => of.examine([key])],
    ['sample', 5, (of) => of.sample(acme, 10)],
  ])('%s: %i', async (_name, requests, call) => {
    const meter = new Meter(100);
    const real = authority();
    const metered = meteredAuthority(real, meter);
    expect(metered).toMatchObject({ name: 'redis', local: false });
    // Counted when it is sent, not when it is answered: a budget is spent also by what fails.
    const answer = call(metered);
    expect(meter.spent).toBe(requests);
    await answer;
    expect(meter.spent).toBe(requests);
  });

  test('and the answers are the authority’s own', async () => {
    const real = authority();
    const metered = meteredAuthority(real, new Meter(100));
    const { epoch, floor } = await metered.confirm(acme, undefined);
    const stamped = { ...entry, stamp: { epoch, asOf: floor } };
    expect(await metered.commit([{ key, entry: stamped }])).toEqual(['stored']);
    expect(await metered.read(acme, [key], floor)).toEqual(await real.read(acme, [key], floor));
    const take = async (token: string) => (await metered.lease(key, token, 1000, 0)).acquired;
    expect(await take('mine')).toBe(true);
    expect(await take('yours')).toBe(false);
    await metered.release(key, 'mine');
    expect(await take('yours')).toBe(true);
    expect(await metered.touch(key, (stored) => ({ ...stored, freshUntil: now }))).toBe('stored');
    expect((await real.read(acme, [key], 0)).entries).toMatchObject([{ freshUntil: now }]);
    expect(await metered.markEverything('soft')).toEqual({ tenants: 1 });
    const { seq } = await metered.mark(acme, ['k:e:a'], 'hard', undefined);
    expect((await real.read(acme, [key], 0)).entries).toEqual([undefined]);
    const knownAs = { epoch, asOf: seq };
    const superseded = await metered.supersede([{ key, draft: entry, knownAs }]);
    expect(superseded).toMatchObject([{ stored: true, stamp: { epoch } }]);
  });
});

describe('a tier', () => {
  const copy: Copy = { key, entry, until: now + 1000, heldAt: 0, prepared: undefined };
  const memory = (): MemoryTier => new MemoryTier({ bytes: 1e6, lifetimeMs: 600_000 });

  test('inside the isolate costs nothing, and is left as it is', () => {
    const tier = memory();
    expect(meteredTier(tier, new Meter(100))).toBe(tier);
  });

  test('outside of it costs a request a call', async () => {
    const meter = new Meter(100);
    const inner = memory();
    const outside: Tier = {
      name: 'regional',
      local: false,
      lifetimeMs: 1234,
      get: async (of, at) => inner.get(of, at),
      put: async (of, at) => inner.put(of, at),
      delete: async (of) => inner.delete(of),
    };
    const metered = meteredTier(outside, meter);
    expect(metered).toMatchObject({ name: 'regional', local: false, lifetimeMs: 1234 });
    await metered.put(copy, now);
    expect(meter.spent).toBe(1);
    expect(await metered.get(key, now)).toBe(copy);
    expect(meter.spent).toBe(2);
    await metered.delete(key);
    expect(meter.spent).toBe(3);
    expect(await outside.get(key, now)).toBeUndefined();
  });
});

test('a fetch of an origin costs a request, also when it fails', async () => {
  const meter = new Meter(100);
  const seen: unknown[] = [];
  const init = { method: 'GET' };
  const metered = meteredFetch((url, with_) => {
    seen.push([url, with_]);
    return seen.length === 1
      ? Promise.resolve(new Response('ok'))
      : Promise.reject(new TypeError('unreachable'));
  }, meter);
  expect(await (await metered('https://origin.example/', init)).text()).toBe('ok');
  await expect(metered('https://origin.example/2', init)).rejects.toThrow('unreachable');
  expect(meter.spent).toBe(2);
  expect(seen[0]).toEqual(['https://origin.example/', init]);
});
