import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Stamp } from '../../src/codec/stamp.ts';
import { AuthorityUnavailable, OutcomeUnknown } from '../../src/errors.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { tagTarget } from '../../src/tenant/target.ts';
import { openEndpoint, type EndpointFaults, type TestEndpoint } from '../support/control.ts';
import { draft, entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import { redisWorld, type RedisWorld } from '../support/redis-world.ts';
import { commit, entryAt, KEEP_ALL, opened, supersede, wholeLedger } from './authority-world.ts';

const TIME_LIMIT_MS = 150;
/** A call that waited for the fault instead of its own limit would take this long. */
const FAULT_MS = 20_000;
const DEADLINE_MS = FAULT_MS / 4;

let endpoint: TestEndpoint;
let patient: RedisWorld;
let world: RedisWorld;
beforeAll(async () => {
  endpoint = await openEndpoint();
  patient = redisWorld(endpoint, KEEP_ALL);
  world = redisWorld(endpoint, KEEP_ALL, { timeoutMs: TIME_LIMIT_MS });
});
afterEach(() => endpoint.clearFaults());
afterAll(() => endpoint.close());

const two = (key: CacheKey, stamp: Stamp) =>
  [key, keyOf(key.tenant, 'b')].map((at) => ({ key: at, entry: entryOf('v', stamp) }));

type Call = (key: CacheKey, stamp: Stamp) => Promise<unknown>;

const calls: readonly (readonly [string, Call])[] = [
  ['read', (key) => world.authority.read(key.tenant, [key], 0)],
  ['a poll', (key) => world.authority.read(key.tenant, [], 0)],
  ['confirm', (key) => world.authority.confirm(key.tenant, undefined)],
  ['mark', (key) => world.authority.mark(key.tenant, [tagTarget('a')], 'hard', undefined)],
  ['commit', (key, stamp) => commit(world.authority, key, entryOf('v', stamp))],
  ['supersede', (key, stamp) => supersede(world.authority, key, draft('v'), stamp)],
  ['lease', (key) => world.authority.lease(key, 'token', 60_000, 0)],
  ['touch', (key) => world.authority.touch(key, (entry) => entry)],
  ['mark everything', () => world.authority.markEverything('hard')],
  ['commit of two', (key, stamp) => world.authority.commit(two(key, stamp))],
  [
    'supersede of two',
    (key, knownAs) => {
      const writes = two(key, knownAs).map((write) => ({ ...write, draft: draft('v'), knownAs }));
      return world.authority.supersede(writes);
    },
  ],
  ['release', (key) => world.authority.release(key, 'token')],
];

/** Where a lost reply leaves open what happened. */
const MAY_HAVE_RUN: ReadonlySet<string> = new Set(['supersede', 'supersede of two']);

const page = '<!doctype html><title>502 Bad Gateway</title>';
const json = (body: string): EndpointFaults => ({ status: 200, body });

const faults: readonly (readonly [string, EndpointFaults])[] = [
  ['a delay past the time limit', { delayMs: FAULT_MS }],
  ['status 500', { status: 500 }],
  ['status 429', { status: 429 }],
  ['status 401', { status: 401 }],
  ['a reset connection', { reset: true }],
  ['no answer', { hang: true }],
  ['a truncated answer', { truncate: true }],
  ['a web page', { status: 200, body: page, contentType: 'text/html' }],
  ['a web page with status 502', { status: 502, body: page, contentType: 'text/html' }],
  ['an empty body', json('')],
  ['half of a JSON text', json('{"result":[')],
];

/** JSON that a broken proxy could answer, well-formed and out of protocol. */
const garbage: readonly (readonly [string, EndpointFaults])[] = [
  '{}',
  '[]',
  'null',
  '42',
  '"OK"',
  '{"result":42}',
  '{"result":{"a":1}}',
  '{"result":["1","0"]}',
  '{"result":["x","y",["h:t:a"]]}',
  '{"result":["x","y",[]]}',
  '[{"result":42},{"result":42}]',
  '[{"result":[]},{"result":[]}]',
  '[{"result":[null]},{"result":["h:t:a","1"]}]',
  '[{"result":[null]},{"result":["e:x","inf"]}]',
  '[{"error":"ERR no"},{"error":"ERR no"}]',
  '{"error":"ERR no"}',
].map((body) => [body, json(body)] as const);

describe.each(faults)('with %s', (_, fault) => {
  test.each(calls)('%s fails within the deadline, as unavailable', async (name, call) => {
    const key = keyOf(newTenant(), 'a');
    const { epoch, seen } = await opened(patient.authority, key.tenant);
    await endpoint.setFaults(fault);
    const startedAt = Date.now();
    const error: unknown = await call(key, { epoch, asOf: seen }).then(
      (value) => `resolved with ${JSON.stringify(value)}`,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(MAY_HAVE_RUN.has(name) ? OutcomeUnknown : AuthorityUnavailable);
    expect(error).toMatchObject({ retryable: !MAY_HAVE_RUN.has(name), tier: 'redis' });
    expect(Date.now() - startedAt).toBeLessThan(DEADLINE_MS);
  });
});

describe.each(garbage)('with the answer %s', (_, fault) => {
  test.each(calls.filter(([name]) => name !== 'release'))(
    '%s never takes it for something, and throws nothing else',
    async (name, call) => {
      const key = keyOf(newTenant(), 'a');
      const { epoch, seen } = await opened(patient.authority, key.tenant);
      await endpoint.setFaults(fault);
      const outcome: unknown = await call(key, { epoch, asOf: seen }).catch(
        (reason: unknown) => reason,
      );
      // A ledger that can't be read is none, so that the primary is asked; what came with it is absent.
      if (outcome !== null && typeof outcome === 'object' && 'ledger' in outcome) {
        expect(['read', 'a poll']).toContain(name);
        expect(outcome).toEqual({ entries: name === 'read' ? [undefined] : [], ledger: undefined });
        return;
      }
      expect(outcome).toBeInstanceOf(
        MAY_HAVE_RUN.has(name) ? OutcomeUnknown : AuthorityUnavailable,
      );
    },
  );
});

test('a ledger that came garbled once is as it was: confirm finds the same epoch and marks', async () => {
  const { tenant } = keyOf(newTenant(), 'a');
  const { seq, ledger } = await patient.authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
  await endpoint.setFaults({ ...json('[{"result":["e:x","inf"]}]'), times: 1 });
  expect(await patient.authority.read(tenant, [], 0)).toEqual({ entries: [], ledger: undefined });
  const confirmed = await patient.authority.confirm(tenant, undefined);
  expect(confirmed).toMatchObject({
    epoch: ledger.epoch,
    marks: [{ target: 't:a', mode: 'hard', seq }],
  });
});

const codeOf = (error: unknown): string | undefined =>
  error instanceof AuthorityUnavailable ? error.code : undefined;

test('a lease of which only a part was answered is unavailable, and is then released by its token', async () => {
  const key = keyOf(newTenant(), 'a');
  await opened(patient.authority, key.tenant);
  const lease = (token: string) => patient.authority.lease(key, token, 60_000, 0);
  await endpoint.setFaults({ truncate: true, times: 1 });
  const error: unknown = await lease('secret-token').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AuthorityUnavailable);
  expect((await lease('another')).acquired).toBe(false);
  await patient.authority.release(key, 'secret-token');
  expect((await lease('another')).acquired).toBe(true);
  for (const body of [
    '[{"error":"OOM no"},{"result":[null]},{"result":[]}]',
    '[{"result":"OK"},{"error":"ERR no"},{"result":[]}]',
    '[{"result":"OK"},{"result":[null]},{"error":"ERR no"}]',
    '[{"result":"yes"},{"result":[null]},{"result":[]}]',
    '[{"result":1},{"result":[null]},{"result":[]}]',
    '[{},{"result":[null]},{"result":[]}]',
    '[{"result":"OK"},{"result":[null,null]},{"result":[]}]',
    '[{"result":"OK"},{"result":[null]}]',
    '[{"result":"OK"},{"result":[null]},{"result":[]},{"result":[]}]',
  ]) {
    await endpoint.setFaults({ ...json(body), times: 1 });
    const garbled: unknown = await lease('secret-token').catch((reason: unknown) => reason);
    expect({ body, code: codeOf(garbled) }).toEqual({ body, code: 'authority_unavailable' });
  }
  await endpoint.setFaults({ status: 500, times: 1 });
  const refused: unknown = await lease('secret-token').catch((reason: unknown) => reason);
  expect(String(refused)).toContain('500');
  expect(String(refused)).not.toContain('secret');
});

test('no message of an error holds the value or the key that was being stored', async () => {
  const key = keyOf(newTenant(), 'private-key-of-a-user'.repeat(20));
  const { epoch, seen } = await opened(patient.authority, key.tenant);
  for (const fault of [{ status: 500 }, { truncate: true }, { reset: true }] as const) {
    await endpoint.setFaults(fault);
    const error: unknown = await commit(
      world.authority,
      key,
      entryOf('secret-value', { epoch, asOf: seen }),
    ).catch((reason: unknown) => reason);
    expect(String(error)).not.toContain('secret');
    expect(String(error)).not.toContain(btoa('secret-value').slice(0, 10));
    expect(String(error).length).toBeLessThan(300);
  }
});

describe('a value whose reply is lost', () => {
  test.each([
    ['truncated', { truncate: true }, 'v'],
    ['reset before Redis saw it', { reset: true }, undefined],
    ['late', { delayMs: FAULT_MS }, undefined],
  ] satisfies [string, EndpointFaults, string | undefined][])(
    'the reply is %s: the outcome is unknown, and the script was sent exactly once',
    async (_, fault, stands) => {
      const key = keyOf(newTenant(), 'a');
      const { epoch, seen } = await opened(patient.authority, key.tenant);
      // Known to Redis, so that one EVALSHA is all that is needed.
      const other = keyOf(key.tenant, 'other');
      await supersede(patient.authority, other, draft('x'), { epoch, asOf: seen });
      await endpoint.resetCounts();
      await endpoint.setFaults({ ...fault, match: 'EVALSHA' });
      const sent = supersede(world.authority, key, draft('v'), { epoch, asOf: seen });
      await expect(sent).rejects.toBeInstanceOf(OutcomeUnknown);
      expect(await endpoint.counts()).toMatchObject({ requests: 1, byCommand: { EVALSHA: 1 } });
      await endpoint.clearFaults();
      const { marks } = await wholeLedger(patient.authority, key.tenant);
      expect(text(await entryAt(patient.authority, key))).toBe(stands);
      expect(marks.some((mark) => mark.target === 'k:a')).toBe(stands !== undefined);
    },
  );

  test.each([
    ['truncated', { truncate: true }, 1],
    ['reset before Redis saw it', { reset: true }, 0],
    ['no outcome', { status: 200, body: '{"result":"newer"}' }, 0],
  ] satisfies [string, EndpointFaults, number][])(
    'the reply to the write of a touch is %s: the outcome is unknown, and it was sent exactly once',
    async (_, fault, ran) => {
      const key = keyOf(newTenant(), 'a');
      const { epoch, seen } = await opened(patient.authority, key.tenant);
      const entry = entryOf('v', { epoch, asOf: seen });
      await commit(patient.authority, key, entry);
      const touch = () =>
        patient.authority.touch(key, (found) => ({ ...found, freshUntil: found.freshUntil + 1 }));
      expect(await touch()).toBe('stored');
      await endpoint.resetCounts();
      await endpoint.setFaults({ ...fault, match: 'EVALSHA' });
      await expect(touch()).rejects.toBeInstanceOf(OutcomeUnknown);
      expect((await endpoint.counts()).byCommand).toEqual({ GET: 1, EVALSHA: 1 });
      await endpoint.clearFaults();
      const stands = await entryAt(patient.authority, key);
      expect(stands?.freshUntil).toBe(entry.freshUntil + 1 + ran);
    },
  );

  test('a mark whose reply was lost may be repeated, and is then acknowledged', async () => {
    const key = keyOf(newTenant(), 'a');
    await opened(patient.authority, key.tenant);
    await endpoint.setFaults({ truncate: true, times: 1, match: 'EVALSHA' });
    const mark = () => patient.authority.mark(key.tenant, [tagTarget('a')], 'hard', undefined);
    await expect(mark()).rejects.toBeInstanceOf(AuthorityUnavailable);
    const { seq } = await mark();
    expect((await wholeLedger(patient.authority, key.tenant)).marks).toEqual([
      { target: 't:a', mode: 'hard', seq },
    ]);
  });
});

describe('with Redis away behind its endpoint', () => {
  test.each(['cut', 'paused'] as const)('the link %s: every call is unavailable', async (state) => {
    const key = keyOf(newTenant(), 'a');
    const { epoch, seen } = await opened(patient.authority, key.tenant);
    await endpoint.link(state);
    try {
      for (const [name, call] of calls) {
        const expected = MAY_HAVE_RUN.has(name) ? OutcomeUnknown : AuthorityUnavailable;
        await expect(call(key, { epoch, asOf: seen })).rejects.toBeInstanceOf(expected);
      }
    } finally {
      await endpoint.link('open');
    }
    // And it works again.
    const back = () =>
      patient.authority.read(key.tenant, [], 0).then(
        ({ ledger }) => ledger?.epoch,
        () => undefined,
      );
    await expect.poll(back, { timeout: 10_000 }).toBe(epoch);
  });
});

/** Everything that an error says when it is printed: its own text, and that of its causes. */
function printed(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.name, error.message, error.stack, printed(error.cause)].join('\n');
}

test.each(faults)('with %s no error holds what was sent', async (_, fault) => {
  const key = keyOf(newTenant(), 'a-key-of-somebody');
  const { epoch, seen } = await opened(patient.authority, key.tenant);
  await endpoint.setFaults(fault);
  const stamp = { epoch, asOf: seen };
  const value = 'a value of somebody';
  const outcomes = await Promise.allSettled([
    supersede(world.authority, key, draft(value), stamp),
    commit(world.authority, key, entryOf(value, stamp)),
    world.authority.mark(key.tenant, [tagTarget('a-tag-of-somebody')], 'hard', undefined),
    world.authority.lease(key, 'a-token-of-somebody', 60_000, 0),
  ]);
  for (const outcome of outcomes) {
    if (outcome.status !== 'rejected') throw new Error('It did not fail.');
    // The key of what may have been written is told, by a field of its own.
    const said = printed(outcome.reason);
    for (const secret of ['of-somebody', btoa(value).slice(4, 16), 'evalsha'])
      expect(said).not.toContain(secret);
  }
});
