import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest';
import { answeredBy } from '../support/answered-by.ts';
import {
  deploy,
  isolate as isolateOf,
  sha256,
  type Answer,
  type Isolate,
} from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { newSecret, sender } from '../support/webhook.ts';

/* How many purges are accepted, from whom, and the record that each leaves. The clock stands still until a test moves it. */

const PER_SECOND = 5;
const AT_ONCE = 2 * PER_SECOND;
const EVERY_TENANT_AT_ONCE = 20;
const ADMIN = 'admin.test';

const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const SECRET = newSecret();
const send = sender(SECRET);

let info: MockInstance<typeof console.info>;
beforeEach(() => {
  info = vi.spyOn(console, 'info').mockImplementation(() => {});
});
afterEach(() => info.mockRestore());

/** The lines of the record, in order. */
function audit(): readonly Readonly<Record<string, unknown>>[] {
  return info.mock.calls
    .map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
    .filter(({ type }) => type === 'purge_audit');
}

/** Two tenants in one Worker and in a key space of their own; the first has a quota of purges. */
async function deployed(variables: Readonly<Record<string, unknown>> = {}) {
  const base = await deploy({ origin: origin.url, redis: endpoint });
  const { tenant, host, token } = base;
  const other = `${tenant}-o`;
  const tokens = {
    any: crypto.randomUUID(),
    stats: crypto.randomUUID(),
    foreign: crypto.randomUUID(),
  };
  const all = {
    ...base.variables,
    CACHE_LOG_LEVEL: 'error',
    CACHE_KEY_PREFIX: tenant,
    CACHE_REDIS_TIMEOUT_MS: 10_000,
    ADMIN_HOST: ADMIN,
    TENANTS: JSON.stringify([
      {
        id: tenant,
        hosts: [host],
        origin: origin.url,
        quotas: { purgesPerSecond: PER_SECOND },
        rules: [
          { on: 'changed', tags: ['thing:{id}'] },
          { on: 'both', tags: ['a:{id}', 'b:{id}'], mode: 'soft' },
          { on: 'both', urls: [`https://${host}/{id}`] },
        ],
      },
      { id: other, hosts: [`o.${host}`], origin: origin.url },
    ]),
    CREDENTIALS: JSON.stringify([
      { id: 'ci', sha256: await sha256(token), tenant, scopes: ['purge', 'stats'] },
      { id: 'reader', sha256: await sha256(tokens.stats), tenant, scopes: ['stats'] },
      { id: 'others', sha256: await sha256(tokens.foreign), tenant: other, scopes: ['purge'] },
      { id: 'ops', sha256: await sha256(tokens.any), tenant: '*', scopes: ['purge'] },
    ]),
    EVENT_SECRETS: JSON.stringify([{ id: 'shop', tenant, secret: SECRET }]),
    ...variables,
  };
  const next = (): Isolate => isolateOf(all, host, token);
  const purge = (of: Isolate, by: string, query = `?tenant=${tenant}`): Promise<Answer> =>
    of.send('POST', `https://${ADMIN}/v1/purge${query}`, {
      headers: { authorization: `Bearer ${by}` },
      body: JSON.stringify(query === '?tenant=*' ? { all: true } : { tags: ['x'] }),
    });
  const counters = async (of: Isolate): Promise<Record<string, unknown>> => {
    const answer = await of.get('/_tiercel/v1/stats', { authorization: `Bearer ${token}` });
    return (answer.json() as { counters: Record<string, unknown> }).counters;
  };
  return { tenant, other, host, token, tokens, next, purge, counters };
}

async function times(count: number, act: () => Promise<Answer>): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let time = 0; time < count; time += 1) statuses.push((await act()).status);
  return statuses;
}
const some = (status: number, count: number): readonly number[] =>
  Array.from({ length: count }, () => status);

describe('a flood of purges [trap:purge-weapon]', () => {
  test('is accepted as far as the quota goes, and refused before any work', async () => {
    const { tenant, next, counters, purge, other, tokens } = await deployed();
    const here = next();
    expect(await times(AT_ONCE, () => here.purge({ tags: ['x'] }))).toEqual(some(200, AT_ONCE));
    await endpoint.resetCounts();
    const refused = await here.purge({ tags: ['x'] });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(refused.json()).toMatchObject({ code: 'over_quota', status: 429, retryable: true });
    expect(await times(20, () => here.purge('not even a purge'))).toEqual(some(429, 20));
    expect((await endpoint.counts()).requests).toBe(0);
    expect(await counters(here)).toMatchObject({ purges: AT_ONCE, overQuota: { purges: 21 } });
    // Another tenant, another isolate, and a second later.
    expect((await purge(here, tokens.any, `?tenant=${other}`)).status).toBe(200);
    expect((await purge(next(), tokens.any, `?tenant=${tenant}`)).status).toBe(200);
    clock.advance(1000);
    expect(await times(10, () => here.purge({ tags: ['x'] }))).toEqual([
      ...some(200, PER_SECOND),
      ...some(429, 10 - PER_SECOND),
    ]);
  });

  test('by those who may not purge uses up nothing', async () => {
    const { tenant, host, token, tokens, next, purge } = await deployed();
    const here = next();
    expect(await times(50, () => purge(here, 'nobody'))).toEqual(some(401, 50));
    expect(await times(50, () => purge(here, tokens.stats))).toEqual(some(403, 50));
    expect(await times(50, () => purge(here, tokens.foreign))).toEqual(some(403, 50));
    const forged = sender(newSecret());
    expect(await times(50, () => forged(here, { type: 'changed' }))).toEqual(some(401, 50));
    expect(
      await times(50, () => here.send('POST', `https://${host}/_tiercel/v1/purge`, { body: '{}' })),
    ).toEqual(some(401, 50));
    expect(audit()).toEqual([]);
    expect(await times(AT_ONCE, () => purge(here, token, `?tenant=${tenant}`))).toEqual(
      some(200, AT_ONCE),
    );
  });

  test('and of events: they take of the same quota', async () => {
    const { next } = await deployed();
    const here = next();
    expect(await times(AT_ONCE, () => send(here, { type: 'changed', data: { id: 1 } }))).toEqual(
      some(200, AT_ONCE),
    );
    const refused = await send(here, { type: 'changed', data: { id: 1 } });
    expect(refused.status).toBe(429);
    expect(refused.json()).toMatchObject({ code: 'over_quota' });
    expect((await here.purge({ tags: ['x'] })).status).toBe(429);
  });

  test('of every tenant: it has a bound of its own, and no tenant’s is used up by it', async () => {
    const { next, purge, tokens } = await deployed();
    const here = next();
    expect(await times(25, () => purge(here, tokens.any, '?tenant=*'))).toEqual([
      ...some(200, EVERY_TENANT_AT_ONCE),
      ...some(429, 25 - EVERY_TENANT_AT_ONCE),
    ]);
    expect((await here.purge({ tags: ['x'] })).status).toBe(200);
    expect(audit().slice(-2)).toEqual([
      { type: 'purge_audit', tenant: '*', via: 'purge', by: 'ops', outcome: 'over_quota' },
      expect.objectContaining({ by: 'ci', outcome: 'accepted' }),
    ]);
  });
});

describe('the record of purges', () => {
  test('says who has purged how much, and nothing of what was named', async () => {
    const { tenant, host, token, next, purge, tokens } = await deployed();
    const here = next();
    const answer = await here.purge({
      urls: [`https://${host}/secret-page`],
      tags: ['secret-tag', 'another'],
      prefixes: [`https://${host}/secret-tree`],
      keys: [['e', 'secret-key']],
      mode: 'soft',
    });
    const { seq } = answer.json() as { seq: number };
    const all = await purge(here, tokens.any, '?tenant=*');
    expect(all.json()).toMatchObject({ tenants: 1 });
    expect(audit()).toEqual([
      {
        type: 'purge_audit',
        tenant,
        via: 'purge',
        by: 'ci',
        targets: 7,
        // A URL is a prefix: of its variants.
        kinds: { keys: 1, tags: 2, prefixes: 4 },
        mode: 'soft',
        outcome: 'accepted',
        seq,
      },
      {
        type: 'purge_audit',
        tenant: '*',
        via: 'purge',
        by: 'ops',
        targets: 1,
        kinds: { tenants: 1 },
        mode: 'hard',
        outcome: 'accepted',
      },
    ]);
    const lines = JSON.stringify(info.mock.calls);
    for (const secret of [token, tokens.any, await sha256(token), 'secret-', SECRET])
      expect(lines).not.toContain(secret);
  });

  test('has a line for each mode of a message of events, and says when it was a repetition', async () => {
    const { tenant, next } = await deployed();
    const here = next();
    const message = { id: 'm1', at: Date.now() };
    const event = { type: 'both', data: { id: 'private' } };
    await send(here, event, message);
    await send(here, event, message);
    await send(here, { type: 'unknown' });
    const line = { type: 'purge_audit', tenant, via: 'events', by: 'shop' };
    const seq = expect.any(Number) as number;
    const marks = [
      { ...line, targets: 2, kinds: { prefixes: 2 }, mode: 'hard', seq },
      { ...line, targets: 2, kinds: { tags: 2 }, mode: 'soft', seq },
    ];
    expect(audit()).toEqual([
      ...marks.map((one) => ({ ...one, outcome: 'accepted' })),
      ...marks.map((one) => ({ ...one, outcome: 'repeated' })),
      { ...line, targets: 0, outcome: 'accepted' },
    ]);
    expect(JSON.stringify(info.mock.calls)).not.toContain('private');
  });

  test('has a line for each that is refused by the quota, however many there are', async () => {
    const { next } = await deployed();
    const here = next();
    for (let time = 0; time < 30; time += 1) await here.purge({ tags: ['x'] });
    const outcomes = audit().map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(AT_ONCE);
    expect(outcomes.filter((outcome) => outcome === 'over_quota')).toHaveLength(30 - AT_ONCE);
  });

  test('has a line for one that is not acknowledged, and none for one that names nothing', async () => {
    const { tenant, next } = await deployed();
    const here = next();
    await here.purge({ tags: [] });
    expect(audit()).toEqual([]);
    await endpoint.setFaults({ reset: true, match: 'EVALSHA' });
    expect((await here.purge({ tags: ['x'] })).status).toBe(503);
    expect((await send(here, { type: 'changed', data: { id: 1 } })).status).toBe(503);
    const about = { targets: 1, kinds: { tags: 1 }, mode: 'hard' };
    expect(audit()).toEqual([
      { type: 'purge_audit', tenant, via: 'purge', by: 'ci', ...about, outcome: 'unacknowledged' },
      { type: 'purge_audit', tenant, via: 'events', by: 'shop', outcome: 'unacknowledged' },
    ]);
  });

  test('has the line of what was acknowledged of a message whose other mode was not', async () => {
    const { tenant, next } = await deployed();
    const here = next();
    await here.purge({ tags: ['x'] });
    info.mockClear();
    const untouched = globalThis.fetch;
    let gone = false;
    const watched = vi.spyOn(globalThis, 'fetch').mockImplementation(async (...args) => {
      const answer = await untouched(...args);
      const body = args[1]?.body;
      if (!gone && typeof body === 'string' && /evalsha/i.test(body)) {
        // The purge of one mode has been acknowledged: Redis goes away before that of the other.
        gone = true;
        await endpoint.setFaults({ reset: true, match: 'EVALSHA' });
      }
      return answer;
    });
    const message = { id: 'm1', at: Date.now() };
    const event = { type: 'both', data: { id: 1 } };
    expect((await send(here, event, message)).status).toBe(503);
    watched.mockRestore();
    await endpoint.clearFaults();
    expect((await send(here, event, message)).status).toBe(200);
    const line = { type: 'purge_audit', tenant, via: 'events', by: 'shop' };
    const seq = expect.any(Number) as number;
    const hard = { ...line, targets: 2, kinds: { prefixes: 2 }, mode: 'hard', seq };
    expect(audit()).toEqual([
      { ...hard, outcome: 'accepted' },
      { ...line, outcome: 'unacknowledged' },
      { ...hard, outcome: 'repeated' },
      { ...line, targets: 2, kinds: { tags: 2 }, mode: 'soft', seq, outcome: 'accepted' },
    ]);
  });

  test('is kept at every level of the log but `silent`', async () => {
    const debug = vi.spyOn(console, 'debug').mockImplementation(() => {});
    for (const [level, lines] of [
      ['silent', 0],
      ['error', 1],
      ['warn', 1],
      ['info', 1],
      ['debug', 1],
    ] as const) {
      info.mockClear();
      const { next } = await deployed({ CACHE_LOG_LEVEL: level });
      await next().purge({ tags: ['x'] });
      expect({ level, lines: audit().length }).toEqual({ level, lines });
    }
    debug.mockRestore();
  });
});

describe('a purge that is sent again [trap:purge-weapon]', () => {
  test('is acknowledged again, with a later seq, and changes nothing else', async () => {
    const { tenant, host, next } = await deployed();
    const [here, there] = [next(), next()];
    const [named, beside] = ['/replayed', '/beside'];
    for (const one of [here, there]) for (const path of [named, beside]) await one.get(path);
    const purge = async (): Promise<number> => {
      const answer = await here.purge({ urls: [`https://${host}${named}`] });
      expect(answer.status).toBe(200);
      return (answer.json() as { seq: number }).seq;
    };
    const members = async (): Promise<unknown> =>
      endpoint.command('ZCARD', `${tenant}:v1:t:${tenant}:~ledger`);
    const seqs = [await purge()];
    const marks = await members();
    expect(marks).toBeGreaterThan(0);
    for (let again = 0; again < 5; again += 1) seqs.push(await purge());
    expect(seqs).toEqual([...new Set(seqs)].toSorted((one, other) => one - other));
    expect(await members()).toBe(marks);
    expect(await answeredBy(origin, here, named)).toBe('origin');
    expect(await answeredBy(origin, here, named)).toBe('store');
    clock.advance(10_000);
    for (const one of [here, there, next()])
      expect(await answeredBy(origin, one, beside)).toBe('store');
  });
});
