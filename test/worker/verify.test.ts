import { describe, expect, test } from 'vitest';
import { KeySpace } from '../../src/tenant/key.ts';
import { isTenantId, type TenantId } from '../../src/tenant/tenant-id.ts';
import { deploy, sha256, type Answer, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 5000;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

/** What `verify` answers, as far as tests look at it. */
interface Verified {
  readonly view: { readonly checkedMsAgo: number | null; readonly fresh: boolean };
  readonly sampled: number;
  readonly leftOut: number;
  readonly compared: number;
  readonly agree: number;
  readonly defects: number;
  readonly regional: { readonly asked: number; readonly leftOut: number };
  readonly origin: { readonly asked: number; readonly leftOut: number; readonly failed: number };
  readonly disagreements: readonly Readonly<Record<string, unknown>>[];
}

async function deployed(variables: Readonly<Record<string, unknown>> = {}) {
  const deployment = await deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_COHERENCE_MS: COHERENCE_MS, ...variables },
  });
  const { host } = deployment;
  const tenant = tenantOf(deployment.tenant);
  const credential = async (token: string, scopes: readonly string[], of: string = tenant) => ({
    id: token,
    sha256: await sha256(token),
    tenant: of,
    scopes,
  });
  const CREDENTIALS = [
    await credential(deployment.token, ['purge', 'stats']),
    await credential('see', ['inspect']),
    await credential('see-all', ['inspect', 'inspect:value']),
    await credential('values-only', ['inspect:value']),
    await credential('see-everywhere', ['inspect'], '*'),
  ];
  const isolate = (): Isolate => deployment.isolate({ CREDENTIALS });
  const space = new KeySpace('tc', 1);
  const nameOf = (path: string): string =>
    space.key(tenant, `g:https:${host}:${path.slice(1).replaceAll('/', ':')}:?`).name;
  return { ...deployment, isolate, nameOf };
}

function tenantOf(text: string): TenantId {
  if (!isTenantId(text)) throw new Error(`'${text}' is no tenant's id.`);
  return text;
}

const ask = (isolate: Isolate, route: string, token = 'see'): Promise<Answer> =>
  isolate.get(`/_tiercel/v1/${route}`, { authorization: `Bearer ${token}` });

async function verified(isolate: Isolate, query = ''): Promise<Verified> {
  const answer = await ask(isolate, `verify${query}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return answer.json() as Verified;
}

let number = 0;
/** A path of its own with a tag of its own. */
async function scripted(body = 'the body'): Promise<{ path: string; tag: string }> {
  number += 1;
  const path = `/verify/${number}`;
  const tag = `tag-${number}`;
  await script(path, tag, body);
  return { path, tag };
}

function script(path: string, tag: string, body: string): Promise<void> {
  const headers = [
    ['cache-control', 'max-age=600'],
    ['cache-tag', tag],
    ['x-internal', 'no business of anybody else'],
  ] as const;
  return origin.script({ target: path, headers, body });
}

describe('verification', () => {
  test('of what all stores and the origin agree about', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    for (let at = 0; at < 3; at += 1) await here.get((await scripted()).path);
    expect(await verified(here)).toMatchObject({
      sampled: 3,
      leftOut: 0,
      compared: 3,
      agree: 3,
      defects: 0,
      regional: { asked: 3, leftOut: 0 },
      origin: { asked: 3, leftOut: 0, failed: 0 },
      disagreements: [],
      bound: { coherenceMs: COHERENCE_MS },
    });
  });

  test('of a tenant that has nothing', async () => {
    const { isolate } = await deployed();
    expect(await verified(isolate())).toMatchObject({ sampled: 0, compared: 0, agree: 0 });
  });

  test('stale-within-bound: a purge by another isolate that this one has not seen yet', async () => {
    const { isolate, host } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const { path, tag } = await scripted();
    await here.get(path);
    await there.purge({ tags: [tag] });
    const found = await verified(here, '?origin=0');
    expect(found).toMatchObject({ agree: 0, defects: 0 });
    expect(found.disagreements.map(({ tier }) => tier)).toEqual(['memory', 'regional']);
    for (const one of found.disagreements)
      expect(one).toMatchObject({
        url: `https://${host}${path}`,
        reason: 'stale-within-bound',
        defect: false,
        cause: { by: 'mark', target: `t:${tag}`, mode: 'hard' },
      });
    // It has asked: nothing is served any more.
    expect(await verified(here, '?origin=0')).toMatchObject({ agree: 1, disagreements: [] });
  });

  test('nothing is stale once the bound has passed: a reader would ask first', async () => {
    const { isolate } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const { path, tag } = await scripted();
    await here.get(path);
    await there.purge({ tags: [tag] });
    clock.advance(COHERENCE_MS);
    expect(await verified(here, '?origin=0')).toMatchObject({ agree: 1, disagreements: [] });
  });

  test('a soft purge that is not seen yet, too', async () => {
    const { isolate } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const { path, tag } = await scripted();
    await here.get(path);
    expect((await there.purge({ tags: [tag], mode: 'soft' })).status).toBe(200);
    const { disagreements } = await verified(here, '?origin=0');
    expect(disagreements[0]).toMatchObject({
      tier: 'memory',
      reason: 'stale-within-bound',
      cause: { mode: 'soft' },
    });
  });

  test('a ledger that is lost: what is served is of another one, until this isolate asks', async () => {
    const { isolate, tenant } = await deployed();
    const here = isolate();
    await here.get((await scripted()).path);
    await endpoint.command('DEL', new KeySpace('tc', 1).record(tenantOf(tenant), 'ledger'));
    const found = await verified(here, '?origin=0');
    expect(found.disagreements).toEqual([
      expect.objectContaining({ tier: 'memory', reason: 'stale-within-bound', defect: false }),
      expect.objectContaining({ tier: 'regional', cause: { by: 'epoch' }, defect: false }),
    ]);
    expect(await verified(here, '?origin=0')).toMatchObject({ agree: 1 });
  });

  test('stale-beyond-bound: a copy that claims to know the purge that has hit its entry', async () => {
    const { isolate, host, nameOf } = await deployed();
    const { path, tag } = await scripted();
    await isolate().get(path);
    const { seq } = (await isolate().purge({ tags: [tag] })).json() as { seq: number };
    // The stamp of a frame is outside its checksum: scripts write it.
    const cache = await caches.open('tiercel');
    const url = `https://${host}/_tiercel/regional/${encodeURIComponent(nameOf(path))}`;
    const copy = await cache.match(url);
    if (!copy) throw new Error('There is no regional copy.');
    const frame = new Uint8Array(await copy.arrayBuffer());
    frame.set(new TextEncoder().encode(String(seq).padStart(16, '0')), 36);
    await cache.put(url, new Response(frame, { headers: copy.headers }));
    const found = await verified(isolate(), '?origin=0');
    expect(found).toMatchObject({ agree: 0, defects: 1 });
    expect(found.disagreements).toEqual([
      expect.objectContaining({
        tier: 'regional',
        reason: 'stale-beyond-bound',
        defect: true,
        cause: expect.objectContaining({ by: 'mark', target: `t:${tag}`, seq }) as unknown,
      }),
    ]);
  });

  test('missing: Redis has lost what is served, and nothing is wrong', async () => {
    const { isolate, nameOf } = await deployed();
    const here = isolate();
    const { path } = await scripted();
    await here.get(path);
    await endpoint.command('DEL', nameOf(path));
    const found = await verified(here);
    expect(found).toMatchObject({ compared: 1, agree: 0, defects: 0 });
    expect(found.disagreements).toEqual([
      expect.objectContaining({ tier: 'redis', reason: 'missing', servedBy: 'memory' }),
      expect.objectContaining({ tier: 'redis', reason: 'missing', servedBy: 'regional' }),
    ]);
  });

  test('undecodable: other bytes in Redis', async () => {
    const { isolate, nameOf } = await deployed();
    const here = isolate();
    const { path } = await scripted();
    await here.get(path);
    const stored = String(await endpoint.command('GET', nameOf(path)));
    await endpoint.command('SET', nameOf(path), `${stored.slice(0, -8)}AAAAAAAA`);
    const { disagreements } = await verified(here);
    expect(disagreements).toEqual([
      expect.objectContaining({ tier: 'redis', reason: 'undecodable', fault: 'checksum' }),
    ]);
  });

  test('changed-at-origin: the origin says another thing, and how old what is served is', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    const { path, tag } = await scripted('before');
    await here.get(path);
    clock.advance(60_000);
    await script(path, tag, 'after');
    const { disagreements } = await verified(here);
    expect(disagreements).toEqual([
      expect.objectContaining({
        tier: 'memory',
        reason: 'changed-at-origin',
        defect: false,
        changed: ['body', 'etag'],
      }),
    ]);
    expect(disagreements[0]?.['ageMs']).toBeGreaterThanOrEqual(60_000);
    expect(disagreements[0]?.['freshForMs']).toBeLessThanOrEqual(540_000);
    // The answer was compared and not stored.
    expect((await here.get(path)).text).toBe('before');
    expect((await verified(here, '?origin=0')).disagreements).toEqual([]);
  });

  test.each([
    ['goes elsewhere', 301, 'location', '/a', '/b', ['location']],
    ['is of another type', 200, 'content-type', 'text/plain', 'text/html', ['content-type']],
    ['has no type any more', 200, 'content-type', 'text/plain', undefined, ['content-type']],
  ] as const)('an answer that %s now', async (_, status, name, before, now, changed) => {
    const { isolate } = await deployed();
    const here = isolate();
    const { path } = await scripted();
    const answers = (value: string | undefined) =>
      origin.script({
        target: path,
        status,
        headers: [['cache-control', 'max-age=600'], ...(value ? [[name, value] as const] : [])],
        body: '',
      });
    await answers(before);
    await here.get(path);
    expect(await verified(here)).toMatchObject({ agree: 1, origin: { asked: 1 } });
    await answers(now);
    expect((await verified(here)).disagreements).toMatchObject([
      { tier: 'memory', reason: 'changed-at-origin', defect: false, changed },
    ]);
  });

  test('another status at the origin, and an origin that does not answer', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    const { path } = await scripted();
    await here.get(path);
    await origin.script({ target: path, status: 404, headers: [], body: 'the body' });
    expect((await verified(here)).disagreements).toMatchObject([
      { reason: 'changed-at-origin', changed: ['status'] },
    ]);
    await origin.script({ target: path, status: 503, body: 'the body' });
    expect(await verified(here)).toMatchObject({ origin: { asked: 1, failed: 1 }, agree: 1 });
  });

  test('another-load: memory and Redis have loaded apart, and both are fresh', async () => {
    const { isolate, nameOf } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const { path, tag } = await scripted('before');
    centres.enter('one');
    await here.get(path);
    await endpoint.command('DEL', nameOf(path));
    await script(path, tag, 'after');
    clock.advance(1000);
    centres.enter('two');
    await there.get(path);
    const { disagreements, defects } = await verified(here, '?origin=0');
    expect(defects).toBe(0);
    expect(disagreements).toEqual([
      expect.objectContaining({ tier: 'memory', reason: 'another-load', copyIs: 'older' }),
    ]);
  });

  test('the budget of outgoing requests holds, and what was left out is told', async () => {
    const { isolate } = await deployed({ CACHE_WARM_REQUESTS: 20 });
    const here = isolate();
    for (let at = 0; at < 12; at += 1) await here.get((await scripted()).path);
    const found = await verified(here, '?sample=12');
    expect(found).toMatchObject({ sampled: 12, compared: 12, agree: 12 });
    expect(found.regional.asked + found.origin.asked).toBeLessThanOrEqual(20);
    expect(found.regional.leftOut + found.origin.leftOut).toBeGreaterThan(0);
    expect(found.regional.asked + found.regional.leftOut).toBe(12);
    expect(found.origin.asked + found.origin.leftOut).toBe(12);
  });

  test.each([20, 30, 45])(
    'a sample that %i requests do not reach for is cut, whatever they meet',
    async (budget) => {
      const { isolate, tenant } = await deployed({
        CACHE_MAX_ENTRY_BYTES: '4MiB',
        CACHE_WARM_REQUESTS: budget,
      });
      const here = isolate();
      const paths = await Promise.all(Array.from({ length: 60 }, () => scripted()));
      for (const { path } of paths) await here.get(path);
      const spent = async (): Promise<Verified> => {
        await endpoint.resetCounts();
        const found = await verified(here, '?sample=60');
        const { requests } = await endpoint.counts();
        expect(requests + found.regional.asked + found.origin.asked).toBeLessThanOrEqual(budget);
        // Two entries of that size are taken at once; five requests may go on names, eight on the ledger.
        const sampled = Math.min(60, 2 * (budget - 13));
        expect(found).toMatchObject({ sampled, leftOut: 60 - sampled, compared: sampled });
        return found;
      };
      expect(await spent()).toMatchObject({ disagreements: [] });
      // A ledger that is lost has to be made and confirmed.
      await endpoint.command('DEL', new KeySpace('tc', 1).record(tenantOf(tenant), 'ledger'));
      expect(await spent()).toMatchObject({ defects: 0 });
    },
  );

  test('a sample is as large as was asked for, and of an isolate that holds nothing as well', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    for (let at = 0; at < 8; at += 1) await here.get((await scripted()).path);
    expect(await verified(here, '?sample=3')).toMatchObject({ sampled: 3, agree: 3 });
    expect(await verified(isolate(), '?sample=5')).toMatchObject({ sampled: 5, agree: 5 });
  });

  test.each(['?sample=0', '?sample=201', '?sample=x', '?sample=1e2', '?origin=yes', '?samples=3'])(
    'refuses %s with a sentence',
    async (query) => {
      const { isolate } = await deployed();
      const answer = await ask(isolate(), `verify${query}`);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'bad_request' });
    },
  );

  test('without Redis it compares what there is', async () => {
    const { isolate } = await deployed({
      CACHE_PRESET: 'minimal',
      UPSTASH_REDIS_REST_URL: undefined,
      UPSTASH_REDIS_REST_TOKEN: undefined,
    });
    const here = isolate();
    await here.get((await scripted()).path);
    expect(await verified(here)).toMatchObject({ sampled: 1, compared: 1, agree: 1 });
  });

  test('when Redis does not answer it says so, and nothing else', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    await here.get((await scripted()).path);
    await endpoint.setFaults({ status: 500 });
    for (const route of ['verify', 'inspect?key=e:a']) {
      const answer = await ask(here, route);
      expect(answer.status).toBe(503);
      expect(answer.json()).toMatchObject({ code: 'authority_unavailable', retryable: true });
    }
  });
});

describe('an isolate that serves many tenants, whose views are checked by the heads', () => {
  test('tells a purge of another isolate within the bound, and nothing after it', async () => {
    const { tenant: base } = await deployed();
    const tenants = Array.from({ length: 6 }, (_, at) => `${base}h${at}`);
    const { isolate } = await deploy({
      redis: endpoint,
      variables: {
        CACHE_COHERENCE_MS: COHERENCE_MS,
        TENANTS: tenants.map((id) => ({ id, hosts: [`${id}.test`], origin: origin.url })),
        CREDENTIALS: [
          { id: 'all', sha256: await sha256('all'), tenant: '*', scopes: ['inspect', 'purge'] },
        ],
      },
    });
    const [here, there] = [isolate(), isolate()];
    const { path, tag } = await scripted();
    const readAll = async (): Promise<number> => {
      await endpoint.resetCounts();
      for (const id of tenants) await here.get(`https://${id}.test${path}`);
      return (await endpoint.counts()).requests;
    };
    const [mine = ''] = tenants;
    const see = async (by: Isolate): Promise<Verified> => {
      const headers = { authorization: 'Bearer all' };
      const answer = await by.get(`https://${mine}.test/_tiercel/v1/verify?origin=0`, headers);
      return answer.json() as Verified;
    };
    const purge = () =>
      there.send('POST', `https://${mine}.test/_tiercel/v1/purge`, {
        headers: { authorization: 'Bearer all', 'content-type': 'application/json' },
        body: JSON.stringify({ tags: [tag] }),
      });
    const settle = async (): Promise<void> => {
      await readAll();
      clock.advance(COHERENCE_MS);
      await readAll();
      clock.advance(COHERENCE_MS);
      // The heads alone: no ledger was polled.
      expect(await readAll()).toBe(1);
    };
    await settle();
    expect((await purge()).status).toBe(200);
    clock.advance(COHERENCE_MS / 4);
    const within = await see(here);
    expect(within.view.fresh).toBe(true);
    // Since the heads were asked, and not since the ledger was.
    expect(within.view.checkedMsAgo).toBeLessThan(COHERENCE_MS);
    expect(within.disagreements).toMatchObject([
      {
        tier: 'memory',
        reason: 'stale-within-bound',
        defect: false,
        cause: { target: `t:${tag}` },
      },
      { tier: 'regional', reason: 'stale-within-bound', defect: false },
    ]);
    await settle();
    expect((await purge()).status).toBe(200);
    clock.advance(COHERENCE_MS);
    expect(await see(here)).toMatchObject({
      view: { fresh: false },
      defects: 0,
      disagreements: [],
    });
    await settle();
    expect(await see(here)).toMatchObject({ view: { fresh: true }, agree: 1, disagreements: [] });
  });
});

describe('an inspection', () => {
  const inspected = async (isolate: Isolate, query: string, token?: string): Promise<Answer> => {
    const answer = await ask(isolate, `inspect?${query}`, token);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    return answer;
  };

  test('shows what each store holds: never a value, of headers the names only', async () => {
    const { isolate, host, tenant } = await deployed();
    const here = isolate();
    const { path, tag } = await scripted('a value that nobody may see');
    await here.get(path);
    const answer = await inspected(here, `url=${encodeURIComponent(`https://${host}${path}`)}`);
    const shown = answer.json() as { key: string; tiers: readonly Record<string, unknown>[] };
    expect(shown).toMatchObject({ tenant, url: `https://${host}${path}`, scope: 'isolate' });
    expect(shown.tiers.map(({ tier }) => tier)).toEqual(['memory', 'regional', 'redis']);
    for (const tier of shown.tiers)
      expect(tier).toMatchObject({
        state: 'fresh',
        verdict: 'valid',
        served: 'fresh',
        entry: {
          stamp: { epoch: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
          tags: [tag],
          bytes: 27,
          etag: expect.any(String) as string,
          form: {
            type: 'http',
            status: 200,
            headers: expect.arrayContaining(['x-internal']) as string[],
          },
        },
      });
    expect(answer.text).not.toContain('nobody may see');
    expect(answer.text).not.toContain('business');
    // By its key, as it was shown, the same.
    const again = await inspected(here, `key=${encodeURIComponent(shown.key)}`);
    expect(again.json()).toMatchObject({ key: shown.key, tiers: [{ state: 'fresh' }, {}, {}] });
  });

  test('takes the key of a variant, as a reader who may inspect is told it', async () => {
    const { isolate, host } = await deployed();
    const here = isolate();
    const path = `/varies/${crypto.randomUUID()}`;
    const headers = [
      ['cache-control', 'max-age=60'],
      ['vary', 'Accept-Language'],
    ] as const;
    await origin.script({ target: path, headers });
    const answer = await here.get(path, { 'tiercel-debug': 'see', 'accept-language': 'fr' });
    const key = String(answer.cacheStatus?.['key']);
    const shown = (await inspected(here, `key=${encodeURIComponent(key)}`)).json();
    expect(shown).toMatchObject({ key, url: `https://${host}${path}` });
    expect(shown).toMatchObject({ tiers: [{ state: 'fresh' }, { state: 'fresh' }, {}] });
    const nobody = await here.get(path, { 'tiercel-debug': 'nobody', 'accept-language': 'fr' });
    expect(nobody.cacheStatus).not.toHaveProperty('key');
  });

  test('says which purge has hit what is there', async () => {
    const { isolate, host } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const { path, tag } = await scripted();
    await here.get(path);
    await there.purge({ tags: [tag] });
    const answer = await inspected(here, `url=https://${host}${path}`);
    const { tiers } = answer.json() as { tiers: readonly unknown[] };
    expect(tiers).toHaveLength(3);
    for (const tier of tiers)
      expect(tier).toMatchObject({
        state: 'purged',
        verdict: 'invalid',
        served: 'no',
        cause: { by: 'mark', target: `t:${tag}`, mode: 'hard' },
      });
  });

  test('shows what is not there, and what can’t be read', async () => {
    const { isolate, host, nameOf } = await deployed();
    const here = isolate();
    const { path } = await scripted();
    const query = `url=https://${host}${path}`;
    const states = async () =>
      ((await inspected(here, query)).json() as { tiers: { state: string }[] }).tiers.map(
        ({ state }) => state,
      );
    expect(await states()).toEqual(['absent', 'absent', 'absent']);
    await here.get(path);
    await endpoint.command('SET', nameOf(path), 'TCL1 and nothing of use');
    expect(await states()).toEqual(['fresh', 'fresh', 'undecodable']);
  });

  test('shows groups as groups, and a purge of one as a purge names it', async () => {
    const { isolate, host } = await deployed();
    const [here, there] = [isolate(), isolate()];
    const path = '/verify/grouped';
    await origin.script({
      target: path,
      headers: [
        ['cache-control', 'max-age=600'],
        ['cache-tag', 'a-tag'],
        ['cache-groups', '"one group", "another"'],
      ],
      body: 'the body',
    });
    const query = `url=${encodeURIComponent(`https://${host}${path}`)}`;
    const shown = async (by: Isolate) =>
      ((await inspected(by, query)).json() as { tiers: readonly unknown[] }).tiers;
    for (const [group, name] of [
      ['one group', 'one group'],
      [{ origin: `https://${host}`, name: 'another' }, 'another'],
    ] as const) {
      await here.get(path);
      const entry = { tags: ['a-tag'], groups: ['one group', 'another'] };
      const valid = { verdict: 'valid', entry };
      expect(await shown(here)).toMatchObject([valid, valid, valid]);
      expect((await there.purge({ groups: [group] })).status).toBe(200);
      const { disagreements } = await verified(here, '?origin=0');
      expect(disagreements).toMatchObject([
        { tier: 'memory', cause: { by: 'mark', mode: 'hard', group } },
        { tier: 'regional', cause: { by: 'mark', mode: 'hard', group } },
      ]);
      expect(Object.keys(disagreements[0]?.['cause'] ?? {})).not.toContain('target');
      const purged = { verdict: 'invalid', cause: { group } };
      expect(await shown(here)).toMatchObject([purged, purged, purged]);
      const answer = await inspected(here, query);
      expect(answer.text).not.toContain('\\n');
      expect(answer.text).toContain(name);
    }
  });

  test('changes nothing: no hit, no load, no promotion', async () => {
    const { isolate, host, token } = await deployed();
    const { path } = await scripted();
    await isolate().get(path);
    const here = isolate();
    const before = await origin.count(path);
    await inspected(here, `url=https://${host}${path}`);
    await verified(here, '?origin=0');
    const answer = await inspected(here, `url=https://${host}${path}`);
    const { tiers } = answer.json() as { tiers: { state: string }[] };
    expect(tiers.map(({ state }) => state)).toEqual(['absent', 'fresh', 'fresh']);
    expect(await origin.count(path)).toBe(before);
    const stats = await ask(here, 'stats', token);
    expect(stats.json()).toMatchObject({ counters: { hits: {}, misses: {}, loads: 0 } });
  });

  test('the value only for a token whose scopes allow it', async () => {
    const { isolate, host } = await deployed();
    const here = isolate();
    const { path } = await scripted('the value itself');
    await here.get(path);
    const query = `url=https://${host}${path}`;
    const refused = await ask(here, `inspect?${query}&value=1`);
    expect(refused.status).toBe(403);
    expect(refused.text).not.toContain('the value itself');
    expect((await inspected(here, `${query}&value=0`)).text).not.toContain('the value itself');
    expect((await inspected(here, query, 'see-all')).text).not.toContain('the value itself');
    const { tiers } = (await inspected(here, `${query}&value=1`, 'see-all')).json() as {
      tiers: readonly unknown[];
    };
    for (const tier of tiers)
      expect(tier).toMatchObject({
        value: { encoding: 'text', data: 'the value itself', cut: false },
      });
  });

  test.each([
    ['neither', ''],
    ['both', 'key=e:a&url=https://HOST/'],
    ['two keys', 'key=e:a&key=e:b'],
    ['an unknown parameter', 'key=e:a&tag=x'],
    ['no URL', 'url=HOST/a'],
    ["another tenant's host", 'url=https://other.test/a'],
    ['another scheme', 'url=ftp://HOST/a'],
    ['a key of no kind', 'key=x:a'],
    ['an owner alone', 'key=e'],
    ['an empty key', 'key='],
    ['a record of the cache itself', 'key=~ledger'],
    ['a gateway key whose parts are not encoded', 'key=g:https:HOST:a!b:?'],
    ['a gateway key without its query', 'key=g:https:HOST:a'],
    ["a gateway key of another tenant's host", 'key=g:https:other.test:a:?'],
    ['a gateway key that is none', 'key=g:https:HOST:a%20b:%3F'],
    ['a key that is too long', `key=e:${'x'.repeat(5000)}`],
    ['a value that is no flag', 'key=e:a&value=yes'],
  ])('refuses %s with a sentence', async (_, query) => {
    const { isolate, host } = await deployed();
    const answer = await ask(isolate(), `inspect?${query.replaceAll('HOST', host)}`);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'bad_request' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('who may look', () => {
  test.each([
    ['nobody', undefined, 401],
    ['a token that is not known', 'unknown', 401],
    ['a token for values alone', 'values-only', 403],
    ['a token with the scope', 'see', 200],
    ['a token for every tenant', 'see-everywhere', 200],
  ])('%s', async (_, token, status) => {
    const { isolate } = await deployed();
    const headers: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    for (const route of ['verify', 'inspect?key=e:a'])
      expect((await isolate().get(`/_tiercel/v1/${route}`, headers)).status).toBe(status);
  });

  test('a token for purges and statistics, or of another tenant, may not', async () => {
    const { isolate, token } = await deployed();
    const [one, other] = [await deployed(), await deployed()];
    for (const route of ['verify', 'inspect?key=e:a']) {
      expect((await ask(isolate(), route, token)).status).toBe(403);
      expect((await ask(one.isolate(), route, other.token)).status).toBe(401);
    }
  });

  test('a tenant sees nothing of another one in the same isolate', async () => {
    const base = await deployed();
    const tenants = ['a', 'b'].map((name) => `${base.tenant}${name}`);
    const [one = '', two = ''] = tenants;
    const here = base.isolate();
    const both = (
      await deploy({
        redis: endpoint,
        variables: {
          TENANTS: tenants.map((id) => ({ id, hosts: [`${id}.test`], origin: origin.url })),
          CREDENTIALS: [
            { id: '1', sha256: await sha256('one'), tenant: one, scopes: ['inspect'] },
            { id: '2', sha256: await sha256('two'), tenant: two, scopes: ['inspect'] },
          ],
          ADMIN_HOST: 'admin.test',
        },
      })
    ).isolate();
    await script('/mine', 'tag', 'mine');
    await here.get('/mine');
    await both.get(`https://${one}.test/mine`);
    const see = (host: string, route: string, token: string) =>
      both.get(`https://${host}${route}`, { authorization: `Bearer ${token}` });
    const own = await see(`${one}.test`, '/_tiercel/v1/verify', 'one');
    expect(own.json()).toMatchObject({ sampled: 1, agree: 1 });
    const others = await see(`${two}.test`, '/_tiercel/v1/verify', 'two');
    expect(others.json()).toMatchObject({ sampled: 0 });
    const key = encodeURIComponent(`g:https:${one}.test:mine:?`);
    const foreign = await see(`${two}.test`, `/_tiercel/v1/inspect?key=${key}`, 'two');
    expect(foreign.status).toBe(400);
    expect((await see(`${one}.test`, '/_tiercel/v1/verify', 'two')).status).toBe(403);
    const admin = await see('admin.test', `/v1/verify?tenant=${one}`, 'one');
    expect(admin.json()).toMatchObject({ tenant: one, sampled: 1 });
    expect((await see('admin.test', `/v1/verify?tenant=${two}`, 'one')).status).toBe(403);
  });
});
