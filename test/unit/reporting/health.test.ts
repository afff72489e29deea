import { expect, it, test } from 'vitest';
import type { Authority } from '../../../src/authority/authority.ts';
import { InIsolateAuthority } from '../../../src/authority/in-isolate.ts';
import { Coherence } from '../../../src/coherence/coherence.ts';
import type { StoreHealth } from '../../../src/engine/assemble.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { readHealth } from '../../../src/reporting/health.ts';
import { KeySpace } from '../../../src/tenant/key.ts';
import { MapStore } from '../../support/entry-store.ts';
import { manualRuntime } from '../support/runtime.ts';
import { tenantId } from '../support/tenants.ts';

const acme = tenantId('acme');
const STORES: readonly StoreHealth[] = [
  { name: 'memory', circuit: undefined, status: undefined },
  { name: 'redis', circuit: 'half_open', status: undefined },
];

/** Health before an authority that answers until `fail` is set. */
function scene(authorityRequired: boolean, coherenceMs = 1000) {
  const runtime = manualRuntime();
  const real = new InIsolateAuthority(runtime, {
    store: new MapStore(),
    keys: new KeySpace('tc', 1),
    retention: { entriesMs: 1e9, copiesMs: 1e9, cap: 10 },
  });
  const state: { fail: Error | undefined; reads: number } = { fail: undefined, reads: 0 };
  const authority: Authority = {
    name: 'redis',
    local: false,
    read: (...args) => {
      state.reads += 1;
      return state.fail ? Promise.reject(state.fail) : real.read(...args);
    },
    heads: (...args) => real.heads(...args),
    confirm: (...args) => real.confirm(...args),
    mark: (...args) => real.mark(...args),
    markEverything: (...args) => real.markEverything(...args),
    commit: (...args) => real.commit(...args),
    supersede: (...args) => real.supersede(...args),
    touch: (...args) => real.touch(...args),
    lease: (...args) => real.lease(...args),
    release: (...args) => real.release(...args),
    examine: (...args) => real.examine(...args),
    sample: (...args) => real.sample(...args),
  };
  const coherence = new Coherence({
    authority,
    coherenceMs,
    maxUnverifiedMs: 30_000,
    viewBytes: 1e6,
    pollWaitMs: 100,
    sink: () => undefined,
  });
  const stores = (): readonly StoreHealth[] => STORES;
  const source = {
    preset: 'production',
    authorityName: 'redis',
    authorityRequired,
    coherence,
    stores,
  };
  return { runtime, state, read: () => readHealth(acme, source, runtime) };
}

// It is open to everybody: with a bound of 0 it would cost a request each, with one of an hour it would say nothing.
it.each([0, 1000, 3_600_000])(
  'an authority that answers is ok, and is not asked again for a second, with a coherence bound of %i ms',
  async (coherenceMs) => {
    const { runtime, state, read } = scene(true, coherenceMs);
    const ok = {
      status: 'ok',
      preset: 'production',
      authority: { name: 'redis', answers: true },
      stores: STORES,
    };
    expect(await read()).toEqual(ok);
    expect(await read()).toEqual(ok);
    await runtime.advance(999);
    expect(await read()).toEqual(ok);
    expect(state.reads).toBe(1);
    await runtime.advance(1);
    expect(await read()).toEqual(ok);
    expect(state.reads).toBe(2);
  },
);

test('an answer of a second ago does not hide an outage, also where copies may be served for longer', async () => {
  const { runtime, state, read } = scene(true, 3_600_000);
  expect(await read()).toMatchObject({ status: 'ok' });
  state.fail = new AuthorityUnavailable('down');
  await runtime.advance(999);
  expect(await read()).toMatchObject({ status: 'ok' });
  await runtime.advance(1);
  expect(await read()).toMatchObject({ status: 'failing' });
});

test('a clock that was set back asks again', async () => {
  const { runtime, state, read } = scene(true, 3_600_000);
  await read();
  await runtime.advance(-1000);
  await read();
  expect(state.reads).toBe(2);
});

it.each([
  ['degraded', false],
  ['failing', true],
])('one that does not answer is %s, where it is required: %s', async (status, required) => {
  const { state, read } = scene(required);
  state.fail = new AuthorityUnavailable('down');
  expect(await read()).toMatchObject({ status, authority: { answers: false } });
});

test('an error that nobody expects is not taken for an outage', async () => {
  const { state, read } = scene(false);
  state.fail = new TypeError('a mistake');
  await expect(read()).rejects.toThrow(TypeError);
});
