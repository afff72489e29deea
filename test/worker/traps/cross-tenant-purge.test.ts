import { describe, expect, test } from 'vitest';
import { answeredBy } from '../../support/answered-by.ts';
import { deploy, isolate, type Isolate } from '../../support/deployment.ts';
import { openOrigin } from '../../support/origin.ts';
import { stage } from '../../support/stage.ts';

const { centres } = stage();
const origin = await openOrigin();

/** Two tenants of one deployment, one Redis and one origin, who have everything alike but their hosts. */
async function neighbours() {
  const { tenant, variables, token } = await deploy();
  const [a, b] = [`${tenant}-a`, `${tenant}-b`];
  const tenants = [a, b].map((id) => ({ id, hosts: [`${id}.test`], origin: origin.url }));
  const [credential] = JSON.parse(String(variables['CREDENTIALS'])) as readonly object[];
  const own = {
    ...variables,
    TENANTS: JSON.stringify(tenants),
    CREDENTIALS: JSON.stringify([{ ...credential, tenant: a }]),
  };
  return {
    hosts: [`${a}.test`, `${b}.test`] as const,
    /** A's token, and requests to A where only a path is given. */
    open: (): Isolate => isolate(own, `${a}.test`, token),
  };
}

/** Of both tenants, under one path; the tags and groups of each are the same. */
async function stored(isolates: readonly Isolate[], hosts: readonly string[]): Promise<string> {
  const path = `/shared-${crypto.randomUUID()}`;
  await origin.script({
    target: path,
    headers: [
      ['cache-control', 'max-age=600'],
      ['cache-tag', 't'],
      ['cache-groups', '"g"'],
    ],
  });
  for (const one of isolates) for (const host of hosts) await one.get(`https://${host}${path}`);
  return path;
}

const by = (path: string, host: string): string => `https://${host}${path}`;
const servedBy = (one: Isolate, host: string, path: string): Promise<string> =>
  answeredBy(origin, { ...one, get: (asked) => one.get(by(asked, host)) }, path);

describe.each(['hard', 'soft'])('a purge of one tenant: %s [trap:cross-tenant-purge]', (mode) => {
  test.each([
    ['a tag', () => ({ tags: ['t'] })],
    ['a group', () => ({ groups: ['g'] })],
    ['the prefix /', (host: string) => ({ prefixes: [`https://${host}/`] })],
    ['a key prefix', (host: string) => ({ prefixes: [['g', 'https', host]] })],
    ['a URL', (host: string, path: string) => ({ urls: [`https://${host}${path}`] })],
    ['a host', (host: string) => ({ hosts: [host] })],
    ['everything', () => ({ all: true })],
  ])('of %s leaves its neighbour alone, in every tier', async (_, body) => {
    const { hosts, open } = await neighbours();
    const [a, b] = hosts;
    const [here, near] = [open(), open()];
    const path = await stored([here, near], hosts);
    const answer = await here.purge({ ...body(a, path), mode });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    expect(await servedBy(here, b, path)).toBe('store');
    expect(await servedBy(near, b, path)).toBe('store');
    centres.enter('far');
    expect(await servedBy(open(), b, path)).toBe('store');
    expect(await servedBy(here, a, path)).toBe('origin');
  });
});

describe('what one tenant says of another [trap:cross-tenant-purge]', () => {
  test.each([
    ['its URL', (host: string, path: string) => ({ urls: [by(path, host)] })],
    ['its prefix', (host: string) => ({ prefixes: [by('/', host)] })],
    ['its host', (host: string) => ({ hosts: [host] })],
  ])('%s in a purge is refused', async (_, body) => {
    const { hosts, open } = await neighbours();
    const here = open();
    const path = await stored([here], hosts);
    const answer = await here.purge(body(hosts[1], path));
    expect(answer.status).toBe(400);
    for (const host of hosts) expect(await servedBy(here, host, path)).toBe('store');
  });

  test('by its token on its neighbour’s host is refused', async () => {
    const { hosts, open } = await neighbours();
    const here = open();
    const path = await stored([here], hosts);
    const mine = await here.purge({ tags: ['nothing'] });
    expect(mine.status).toBe(200);
    const token = { authorization: 'Bearer none', 'content-type': 'application/json' };
    const init = { headers: token, body: JSON.stringify({ all: true }) };
    const refused = await here.send('POST', by('/_tiercel/v1/purge', hosts[1]), init);
    expect(refused.status).toBe(401);
    expect(await servedBy(here, hosts[1], path)).toBe('store');
  });

  test.each([
    ['Location', (host: string, path: string) => ['location', by(path, host)] as const],
    [
      'Content-Location',
      (host: string, path: string) => ['content-location', by(path, host)] as const,
    ],
    ['Cache-Group-Invalidation', () => ['cache-group-invalidation', '"g"'] as const],
  ])('%s on the answer to a POST ends nothing of another', async (_, field) => {
    const { hosts, open } = await neighbours();
    const here = open();
    const path = await stored([here], hosts);
    const target = `/posted-${crypto.randomUUID()}`;
    await origin.script({ target, status: 201, headers: [field(hosts[1], path)] });
    expect((await here.send('POST', target, { body: 'x' })).status).toBe(201);
    expect(await servedBy(here, hosts[1], path)).toBe('store');
  });
});
