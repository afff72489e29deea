import { describe, expect, test } from 'vitest';
import { makeCache } from '../../../src/cache/cache.ts';
import type { Namespace } from '../../../src/cache/namespace.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { lookup } from '../../../src/engine/lookup.ts';
import { purgeEverything } from '../../../src/engine/purge.ts';
import { supersede } from '../../../src/engine/supersede.ts';
import { createCache, namespace } from '../../../src/index.ts';
import { RuleBook } from '../../../src/invalidation/rules.ts';
import { Counters } from '../../../src/telemetry/counters.ts';
import { Emitter } from '../../../src/telemetry/emitter.ts';
import { tagTarget, TENANT_TARGET } from '../../../src/tenant/target.ts';
import type { MemoryTier } from '../../../src/tiers/memory.ts';
import type { Copy, Tier } from '../../../src/tiers/tier.ts';
import { turn } from '../support/runtime.ts';
import { gate } from './timeline.ts';
import { acme, draftOf, key, keys, preparedText, textFace, world, type Isolate } from './world.ts';

/** So many turns of the microtask queue: more than any answer takes on its way to the caller. */
const TURNS = Array.from({ length: 60 }, (_, at) => at);

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await Promise.resolve();
}

const setTo = (here: Isolate, text: string, tags: readonly string[] = []) =>
  supersede(
    here.parts,
    [
      {
        key,
        draft: draftOf(here.runtime.now(), text, { tags }),
        prepared: preparedText(text),
        lifetimes: undefined,
      },
    ],
    undefined,
    here.runtime,
  );

/** Text of what a lookup finds fresh. */
async function look({ parts, runtime }: Pick<Isolate, 'parts' | 'runtime'>): Promise<unknown> {
  const found = await lookup(parts, key, textFace, runtime);
  return found.found ? found.prepared.value : undefined;
}

/** Gives every copy back as it was put, with what it was told to hold for. */
function outside(copies = new Map<string, Copy>()): Tier {
  return {
    name: 'kv',
    local: false,
    lifetimeMs: 1e9,
    get: async ({ name }) => copies.get(name),
    put: async (copy) => void copies.set(copy.key.name, copy),
    delete: async ({ name }) => void copies.delete(name),
  };
}

describe('whatever moment of a lookup a purge hits, its isolate serves nothing of it afterwards', () => {
  const ways: readonly (readonly [string, (here: Isolate) => Promise<unknown>, unknown])[] = [
    ['a purge of a tag', (here) => here.purge([tagTarget('t')]), undefined],
    ['a purge of the key', (here) => here.purge(), undefined],
    ['a purge of the tenant', (here) => here.purge([TENANT_TARGET]), undefined],
    ['a purge of everything', (here) => purgeEverything(here.parts, 'hard'), undefined],
    ['a set', (here) => setTo(here, 'new'), 'new'],
  ];
  for (const behind of ['a tier outside', 'the authority'])
    test.for(ways)(`%s, while a copy comes from ${behind}`, async ([, change, expected]) => {
      for (const count of TURNS) {
        const tier = behind === 'a tier outside' ? [outside()] : [];
        const tiers = (memory: MemoryTier) => [memory, ...tier];
        const { isolate } = world();
        const elsewhere = isolate({ tiers });
        await elsewhere.obtain(() => 'old', { tags: ['t'] });
        await elsewhere.settle();
        const here = isolate({ tiers });
        const before = lookup(here.parts, key, textFace, here.runtime);
        await turns(count);
        await change(here);
        const during = await look(here);
        await before;
        await turn();
        expect([count, during, await look(here)]).toEqual([count, expected, expected]);
      }
    });
});

describe('whatever moment of a load a purge hits, an isolate that is its own authority serves nothing of it', () => {
  type Tenant = Readonly<{ users: Namespace<string> }> & {
    purge(targets: { tags: string[] } | { all: true }): Promise<unknown>;
  };
  const ways: readonly (readonly [string, (here: Tenant) => Promise<unknown>, unknown])[] = [
    ['of a tag', (here) => here.purge({ tags: ['t'] }), undefined],
    ['of the key', ({ users }) => users.delete('1'), undefined],
    ['of the tenant', (here) => here.purge({ all: true }), undefined],
    ['by a set', ({ users }) => users.set('1', 'new'), 'new'],
  ];
  test.for(ways)('%s', async ([, change, expected]) => {
    for (const count of TURNS) {
      const here = createCache({
        tenant: 'acme',
        namespaces: { users: namespace<string>({ ttl: '1h' }) },
      });
      const loading = gate<string>();
      const before = here.users.getOrSet('1', () => loading.opened, { tags: ['t'] });
      await turn();
      loading.open('old');
      await turns(count);
      await change(here);
      const during = await here.users.get('1');
      await before;
      await turn();
      const after = [count, during, await here.users.get('1')];
      expect(after).toEqual([count, expected, expected]);
    }
  });
});

describe('what a tier outside the isolate says of generations', () => {
  test('is nothing: it is told none, and its copies are judged', async () => {
    const copies = new Map<string, Copy>();
    const { isolate } = world();
    const elsewhere = isolate({ tiers: (memory) => [memory, outside(copies)] });
    await elsewhere.obtain(() => 'old');
    await elsewhere.settle();
    const [put] = copies.values();
    expect(put).toMatchObject({ heldAt: 0, prepared: undefined });
    const here = isolate({ tiers: () => [outside(copies)] });
    await here.purge();
    const { generation } = here.parts.coherence.view(acme);
    if (put) copies.set(key.name, { ...put, heldAt: generation });
    expect(await look(here)).toBeUndefined();
  });
});

test('who asks after a purge of everything does not join a load from before it, not even one without a stamp', async () => {
  let down = true;
  const { isolate } = world();
  const unless = <T>(call: () => Promise<T>): Promise<T> =>
    down ? Promise.reject(new AuthorityUnavailable('down')) : call();
  const here = isolate({
    wrap: (real) => ({
      read: (...args) => unless(() => real.read(...args)),
      confirm: (...args) => unless(() => real.confirm(...args)),
    }),
  });
  const loading = gate<string>();
  const before = here.obtain(() => loading.opened);
  await turn();
  await purgeEverything(here.parts, 'hard');
  const after = here.obtain(() => 'new');
  await turn();
  loading.open('old');
  expect(await before).toBe('old');
  expect(await after).toBe('new');
  down = false;
  expect(await here.obtain(() => 'newer')).toBe('newer');
});

describe('who asks after a write does not join a lookup from before it', () => {
  /** An isolate without memory, whose first read of the key is answered late. */
  async function slowly(here: ReturnType<typeof world>) {
    const slow = gate();
    let held = true;
    const reader = here.isolate({
      tiers: () => [],
      wrap: (real) => ({
        read: async (...args) => {
          const answer = await real.read(...args);
          if (held && args[1].length > 0) {
            held = false;
            await slow.opened;
          }
          return answer;
        },
      }),
    });
    await reader.parts.coherence.check(acme, reader.runtime);
    const before = lookup(reader.parts, key, textFace, reader.runtime);
    await turn();
    return { reader, before, slow };
  }

  test('a set', async () => {
    const { reader, before, slow } = await slowly(world());
    await setTo(reader, 'new');
    const after = look(reader);
    await turn();
    slow.open();
    await before;
    expect(await after).toBe('new');
  });

  test('a purge of everything', async () => {
    const here = world();
    const elsewhere = here.isolate();
    await elsewhere.obtain(() => 'old');
    await elsewhere.settle();
    const { reader, before, slow } = await slowly(here);
    await purgeEverything(reader.parts, 'hard');
    const asked = reader.asked.length;
    const after = look(reader);
    await turn();
    expect(reader.asked.length).toBeGreaterThan(asked);
    slow.open();
    await before;
    expect(await after).toBeUndefined();
  });
});

describe('a cache that is switched off, in front of stores that others use', () => {
  function switchedOff({ parts }: Isolate, now: Isolate['runtime']) {
    const off = { ...parts, enabled: false, tiers: [] };
    return makeCache<{ users: { ttl: number } }>({
      preset: 'disabled',
      engine: { parts: off, partsWith: () => off, memory: () => undefined, stores: () => [] },
      keys,
      counters: new Counters(),
      emitter: new Emitter(),
      sink: () => undefined,
      clock: now,
      waitUntil: () => undefined,
      coherenceMs: 1000,
      rules: new RuleBook(),
      namespaces: {},
    });
  }

  test('reads nothing of what is stored', async () => {
    const { isolate } = world();
    const other = isolate();
    await other.obtain(() => 'stored');
    await other.settle();
    const here = isolate();
    const off = { parts: { ...here.parts, enabled: false }, runtime: here.runtime };
    const found = await lookup(off.parts, key, textFace, off.runtime);
    expect(found).toMatchObject({ found: false, reason: 'disabled' });
    expect(here.asked).toEqual([]);
  });

  test('purges what they hold all the same, a tenant or everything', async () => {
    const { isolate, time } = world();
    const other = isolate();
    const off = isolate();
    const cache = switchedOff(off, off.runtime);
    for (const purge of [
      () => cache.forTenant('acme').purge({ all: true }),
      () => cache.purgeEverything(),
    ]) {
      await other.obtain(() => 'stored');
      await other.settle();
      await purge();
      await time.advance(1000);
      expect(await look(other)).toBeUndefined();
    }
    expect(await cache.purgeEverything()).toMatchObject({ tenants: 1 });
  });
});
