import { describe, expect, test } from 'vitest';
import type { Authority } from '../../src/authority/authority.ts';
import { InIsolateAuthority } from '../../src/authority/in-isolate.ts';
import { Coherence } from '../../src/coherence/coherence.ts';
import { lookup } from '../../src/engine/lookup.ts';
import { obtain } from '../../src/engine/obtain.ts';
import { AuthorityUnavailable } from '../../src/errors.ts';
import type { Runtime } from '../../src/runtime.ts';
import { MapStore } from '../support/entry-store.ts';
import { key, textFace, world } from '../unit/engine/world.ts';
import { manualRuntime, type ManualRuntime } from '../unit/support/runtime.ts';
import { SPACE, TENANTS } from './plan.ts';

const HOUR_MS = 3_600_000;
const BOUND_MS = 1000;
const retention = { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 };
const [first, second] = TENANTS as [(typeof TENANTS)[number], (typeof TENANTS)[number]];

/** One process of the store. */
function store(clock: Pick<Runtime, 'now' | 'randomId'>): InIsolateAuthority {
  return new InIsolateAuthority(clock, { store: new MapStore(), keys: SPACE, retention });
}

function isolate(authority: InIsolateAuthority, changes: Partial<Authority> = {}): Coherence {
  const outside: Authority = Object.assign(Object.create(authority) as Authority, {
    name: 'redis',
    local: false,
    read: authority.read.bind(authority),
    heads: authority.heads.bind(authority),
    confirm: authority.confirm.bind(authority),
    ...changes,
  });
  return new Coherence({
    authority: outside,
    coherenceMs: BOUND_MS,
    maxUnverifiedMs: 30_000,
    viewBytes: 1e6,
    pollWaitMs: 350,
    sink: () => undefined,
  });
}

/** Twice: from the second time on, one poll of the heads does for all. */
async function checkAll(
  coherence: Coherence,
  clock: ManualRuntime,
  runtime: Runtime,
): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await clock.advance(BOUND_MS);
    for (const tenant of TENANTS) await coherence.check(tenant, runtime);
  }
}

/** Schedules that the property test has found, each in its smallest form. */
describe('schedules that once broke the promise', () => {
  test('the heads of a process whose clock is behind do not vouch for what another process told', async () => {
    const clock = manualRuntime();
    const before = store(clock);
    const after = store({ ...clock, now: () => clock.now() - HOUR_MS });
    let present = before;
    const coherence = isolate(before, {
      // A ledger of the process before stands until a script comes upon it.
      read: async (tenant, keys, since, heads) => {
        const reply = await present.read(tenant, keys, since, heads);
        const { ledger } = reply.ledger ? reply : await before.read(tenant, keys, since);
        return { ...reply, ledger };
      },
      heads: (since) => present.heads(since),
      confirm: (...args) => present.confirm(...args),
    });
    await checkAll(coherence, clock, clock);

    present = after;
    await after.mark(first, ['*'], 'hard', undefined);
    await checkAll(coherence, clock, clock);
    await after.mark(second, ['*'], 'hard', undefined);
    await clock.advance(BOUND_MS);
    await coherence.check(first, clock);
    expect(coherence.isFresh(coherence.view(second), clock.now())).toBe(false);
    await coherence.check(second, clock);
    expect(coherence.view(second).marks.get('*')?.hard).toBeGreaterThan(0);
  });

  test('a check that is ahead of a clock that was set back is no answer to a poll that was joined', async () => {
    const clock = manualRuntime();
    const others = store(clock);
    const coherence = isolate(others);
    const off = { ms: 0 };
    const runtime = { ...clock, now: () => clock.now() + off.ms };
    await checkAll(coherence, clock, runtime);

    off.ms = -HOUR_MS;
    await others.mark(second, ['*'], 'hard', undefined);
    await clock.advance(BOUND_MS);
    await Promise.all([coherence.check(first, runtime), coherence.check(second, runtime)]);
    expect(coherence.view(second).marks.get('*')?.hard).toBeGreaterThan(0);
  });

  test('nor is it one for a load that looks for what has landed meanwhile', async () => {
    const state = { isDown: false };
    const { isolate: start } = world({ coherenceMs: 0 });
    const here = start({
      wrap: (real) => ({
        read: (...args) =>
          state.isDown ? Promise.reject(new AuthorityUnavailable('down')) : real.read(...args),
      }),
    });
    expect(await here.obtain(() => 'before')).toBe('before');
    await here.settle();
    await start().purge();

    state.isDown = true;
    const runtime = { ...here.runtime, now: () => here.runtime.now() - HOUR_MS };
    const { prepared } = await obtain(
      here.parts,
      here.source(() => 'after'),
      runtime,
    );
    expect(prepared.value).toBe('after');
  });

  test('what a lookup found stale before Redis failed is not verified for those who joined it', async () => {
    const request = Promise.withResolvers<never>();
    const state = { hangs: false };
    const { time, isolate: start } = world({ coherenceMs: BOUND_MS });
    const here = start({
      wrap: (real) => ({
        read: (...args) => (state.hangs ? request.promise : real.read(...args)),
      }),
    });
    await here.obtain(() => 'before', { ttl: 20, sie: HOUR_MS });
    await here.settle();

    // The view is nearly as old as it may be, and so is the lookup when it is joined.
    await time.advance(BOUND_MS - 1);
    state.hangs = true;
    const led = lookup(here.parts, key, textFace, here.runtime);
    await start().purge();
    await time.advance(BOUND_MS - 1);
    const joined = lookup(here.parts, key, textFace, here.runtime);
    request.reject(new AuthorityUnavailable('down'));
    expect(await joined).toMatchObject({ reason: 'unavailable', stale: { verified: false } });
    expect(await led).toMatchObject({ reason: 'unavailable', stale: { verified: false } });
  });

  test('a lookup that was under way is not joined once this isolate has purged the key', async () => {
    const answers: Promise<void>[] = [];
    const { isolate: start } = world({ coherenceMs: BOUND_MS });
    const here = start({
      wrap: (real) => ({
        // Read at once, and told late: by then the mark may have been trimmed, and the entry be taken for exact.
        read: async (...args) => {
          const reply = await real.read(...args);
          await answers.shift();
          return reply;
        },
      }),
    });
    await start().obtain(() => 'before');
    const told = Promise.withResolvers<void>();
    answers.push(told.promise);
    const led = lookup(here.parts, key, textFace, here.runtime);
    await here.purge();
    const { length } = here.asked;
    const asking = lookup(here.parts, key, textFace, here.runtime);
    expect(here.asked.slice(length)).toEqual(['read']);
    told.resolve();
    expect(await asking).toMatchObject({ found: false });
    await led;
  });
});
