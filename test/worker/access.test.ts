import { beforeAll, describe, expect, test, vi } from 'vitest';
import { deploy, isolate, sha256, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

let origin: TestOrigin;
let service: Isolate;
const tenants = ['alpha', 'beta'].map((name) => `${name}-${crypto.randomUUID().slice(0, 8)}`);
const [alpha = '', beta = ''] = tenants;
const host = (tenant: string): string => `${tenant}.test`;
const ADMIN = 'admin.test';
beforeAll(async () => {
  origin = await openOrigin();
  const { variables } = await deploy();
  const credential = async (token: string, tenant: string, scopes: readonly string[]) => ({
    id: token,
    sha256: await sha256(token),
    tenant,
    scopes,
  });
  service = isolate(
    {
      ...variables,
      ADMIN_HOST: ADMIN,
      TENANTS: tenants.map((id) => ({ id, hosts: [host(id)], origin: origin.url })),
      CREDENTIALS: [
        await credential('alpha-all', alpha, ['purge', 'stats']),
        await credential('alpha-stats', alpha, ['stats']),
        await credential('alpha-purge', alpha, ['purge']),
        await credential('beta-all', beta, ['purge', 'stats']),
        await credential('any-purge', '*', ['purge']),
      ],
    },
    host(alpha),
    'alpha-all',
  );
});

const NAME_A_TENANT = {
  status: 400,
  code: 'bad_request',
  detail: "Name a tenant: '?tenant=' must be the id of one.",
};

const PURGE = '/_tiercel/v1/purge';
const STATS = '/_tiercel/v1/stats';

function call(path: string, authorization: string | undefined, on = host(alpha)) {
  const headers = authorization === undefined ? {} : { authorization };
  const url = `https://${on}${path}`;
  return path.includes('purge')
    ? service.send('POST', url, { headers, body: '{"tags":["x"]}' })
    : service.get(url, headers);
}

describe('who may do what on the tenant alpha', () => {
  test.each([
    ['nothing', undefined, 401, 401],
    ['an empty field', '', 401, 401],
    ['no scheme', 'alpha-all', 401, 401],
    ['another scheme', 'Basic alpha-all', 401, 401],
    ['Bearer without a token', 'Bearer ', 401, 401],
    ['a wrong token', 'Bearer alpha-al', 401, 401],
    ['a digest instead of a token', `Bearer ${'0'.repeat(64)}`, 401, 401],
    ['two tokens', 'Bearer alpha-all alpha-all', 401, 401],
    ['an endless token', `Bearer ${'x'.repeat(2000)}`, 401, 401],
    ['a token with both scopes', 'Bearer alpha-all', 200, 200],
    ['the scheme in lower case', 'bearer alpha-all', 200, 200],
    ['a token for stats only', 'Bearer alpha-stats', 403, 200],
    ['a token for purge only', 'Bearer alpha-purge', 200, 403],
    ['a token of another tenant', 'Bearer beta-all', 403, 403],
    ['a token for every tenant', 'Bearer any-purge', 200, 403],
  ])('%s', async (_, authorization, purge, stats) => {
    expect((await call(PURGE, authorization)).status).toBe(purge);
    expect((await call(STATS, authorization)).status).toBe(stats);
  });

  test('refusals are problems that nobody stores; 401 says what is wanted, and neither names a token [trap:purge-weapon]', async () => {
    const unauthenticated = await call(PURGE, 'Bearer wrong');
    const forbidden = await call(PURGE, 'Bearer alpha-stats');
    for (const answer of [unauthenticated, forbidden]) {
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.text).not.toContain('wrong');
    }
    expect(unauthenticated.json()).toMatchObject({
      status: 401,
      code: 'unauthenticated',
      detail: 'This route needs a bearer token that is known here.',
    });
    expect(unauthenticated.headers.get('www-authenticate')).toBe('Bearer realm="tiercel"');
    expect(forbidden.json()).toMatchObject({ status: 403, code: 'forbidden' });
    expect(forbidden.headers.has('www-authenticate')).toBe(false);
  });

  test('a refused purge purges nothing [trap:purge-weapon]', async () => {
    await service.get('/kept');
    await call(PURGE, 'Bearer beta-all');
    await service.send('POST', PURGE, { body: '{"all":true}' });
    expect((await service.get('/kept')).cacheStatus).toMatchObject({ hit: true });
  });

  test('who asks is decided before what is asked: a wrong body without a token is a 401', async () => {
    expect((await service.send('POST', PURGE, { body: 'no JSON' })).status).toBe(401);
  });
});

describe('which tenant', () => {
  test('the host decides: the same token is refused on another tenant', async () => {
    expect((await call(PURGE, 'Bearer alpha-all', host(beta))).status).toBe(403);
    expect((await call(PURGE, 'Bearer any-purge', host(beta))).json()).toMatchObject({
      tenant: beta,
    });
  });

  test.each([PURGE, STATS, '/_tiercel/v1/events', '/_tiercel/v1/verify', '/_tiercel/healthz'])(
    '?tenant= is for the admin host: %s refuses it, also where it names the host’s own',
    async (path) => {
      await service.get('/spared');
      for (const query of [`tenant=${beta}`, `tenant=${alpha}`, 'tenant=*', 'x=1&%74enant='])
        expect((await call(`${path}?${query}`, 'Bearer any-purge')).json()).toMatchObject({
          status: 400,
          code: 'bad_request',
          detail: "The host is the tenant here: '?tenant=' belongs to the admin host.",
        });
      expect((await service.get('/spared')).cacheStatus).toMatchObject({ hit: true });
    },
  );

  test('paths of the origin may have such a parameter', async () => {
    expect((await service.get(`/spared?tenant=${beta}`)).status).toBe(200);
  });

  test('no header of the client names another [trap:tenant-spoofing]', async () => {
    const answer = await service.get('/headers', {
      'x-forwarded-host': host(beta),
      forwarded: `host=${host(beta)}`,
      'x-tenant': beta,
    });
    expect(answer.status).toBe(200);
    const stats = await call(STATS, 'Bearer alpha-all');
    expect(stats.json()).toMatchObject({ tenant: alpha });
  });

  test.each([`https://nobody.test/`, `https://${host('x')}.${host('y')}/_tiercel/healthz`])(
    'an unknown host is a 404 problem that nobody stores: %s [trap:tenant-spoofing]',
    async (url) => {
      const answer = await service.get(url);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.json()).toMatchObject({ status: 404, code: 'unknown_tenant' });
      expect(answer.headers.has('cache-status')).toBe(false);
    },
  );

  test('capitals and a port are the same host, a trailing dot is another [trap:tenant-spoofing] [trap:path-normalisation]', async () => {
    expect((await service.get(`https://${host(alpha).toUpperCase()}/capitals`)).status).toBe(200);
    expect((await service.get(`https://${host(alpha)}:8443/port`)).status).toBe(200);
    expect((await service.get(`https://${host(alpha)}./dot`)).status).toBe(404);
  });
});

describe('the admin host', () => {
  test('has the routes at its root, for the tenant that is named', async () => {
    const stats = await call(`/v1/stats?tenant=${alpha}`, 'Bearer alpha-all', ADMIN);
    expect(stats.json()).toMatchObject({ tenant: alpha });
    const purge = await call(`/v1/purge?tenant=${beta}`, 'Bearer any-purge', ADMIN);
    expect(purge.json()).toMatchObject({ tenant: beta, targets: 1 });
  });

  test('asks for the same rights', async () => {
    expect((await call(`/v1/stats?tenant=${alpha}`, undefined, ADMIN)).status).toBe(401);
    expect((await call(`/v1/stats?tenant=${beta}`, 'Bearer alpha-all', ADMIN)).status).toBe(403);
  });

  test('whether there is such a tenant is told only to a token for all of them [trap:purge-weapon]', async () => {
    const path = '/v1/purge?tenant=nobody';
    expect((await call(path, undefined, ADMIN)).status).toBe(401);
    expect((await call(path, 'Bearer alpha-all', ADMIN)).status).toBe(403);
    expect((await call(path, 'Bearer any-purge', ADMIN)).json()).toMatchObject(NAME_A_TENANT);
  });

  test.each([
    '/v1/purge',
    '/v1/purge?tenant=',
    '/v1/stats',
    `/v1/purge?tenant=${alpha}&tenant=${beta}`,
  ])('whoever has a token and names no tenant, or two, is told to name one: %s', async (path) => {
    expect((await call(path, undefined, ADMIN)).status).toBe(401);
    for (const token of ['alpha-all', 'any-purge', 'alpha-stats'])
      expect((await call(path, `Bearer ${token}`, ADMIN)).json()).toMatchObject(NAME_A_TENANT);
  });

  test('says how it is without a token or a tenant, and serves no tenant’s paths', async () => {
    const health = await call('/healthz', undefined, ADMIN);
    expect(health.status).toBe(200);
    expect(health.json()).toMatchObject({ status: 'ok' });
    expect((await call(`/cities/1?tenant=${alpha}`, undefined, ADMIN)).status).toBe(404);
    expect(await origin.count(`/cities/1?tenant=${alpha}`)).toBe(0);
  });

  test.each([
    ['the admin host', ADMIN, `/v1/stats?tenant=${alpha}`],
    ['a tenant’s host', host(alpha), STATS],
  ])('an error that nothing expected is a problem on %s, and only logged', async (_, on, path) => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const broken = vi
      .spyOn(crypto.subtle, 'digest')
      .mockRejectedValue(new Error('inner details of the failure'));
    try {
      const answer = await call(path, 'Bearer alpha-all', on);
      expect(answer.status).toBe(500);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.json()).toMatchObject({ status: 500, code: 'internal_error' });
      expect(answer.text).not.toContain('inner details');
      expect(String(logged.mock.calls)).toContain('inner details');
    } finally {
      broken.mockRestore();
      logged.mockRestore();
    }
  });

  test('is nobody’s host when none is named', async () => {
    const { isolate: other } = await deploy();
    expect((await other().get(`https://${ADMIN}/healthz`)).status).toBe(404);
  });
});
