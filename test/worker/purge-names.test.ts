import { beforeAll, describe, expect, test } from 'vitest';
import { deploy } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

/* How a purge names what it hits: URLs, and the keys that requests have behind the gateway. */

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});

type Place = string | readonly string[];
const at = <T extends Place>(place: T, host: string): T =>
  JSON.parse(JSON.stringify(place).replaceAll('HOST', host)) as T;

describe('a purge by URL purges the copies of both schemes', () => {
  test.each([
    ['https', { urls: ['https://HOST/s/a?x=1'] }],
    ['http', { urls: ['http://HOST/s/a?x=1'] }],
    ['https, as a prefix', { prefixes: ['https://HOST/s/'] }],
    ['http, as a prefix', { prefixes: ['http://HOST/s/'] }],
    ['the host, as a prefix', { prefixes: ['http://HOST'] }],
  ])('named by %s', async (_, body) => {
    const { host, isolate } = await deploy({ origin: origin.url });
    const here = isolate();
    const schemes = ['https', 'http'].map((scheme) => `${scheme}://${host}/s/a?x=1`);
    for (const url of schemes) await here.get(url);
    for (const url of schemes) expect((await here.get(url)).cacheStatus?.['hit']).toBe(true);
    const named = JSON.parse(JSON.stringify(body).replaceAll('HOST', host)) as unknown;
    expect((await here.purge(named)).json()).toMatchObject({ targets: 2 });
    for (const url of schemes)
      expect((await here.get(url)).cacheStatus).toMatchObject({ stored: true });
  });

  test('on the port that is named; the default port of either scheme stays where it is', async () => {
    const { host, isolate } = await deploy({ origin: origin.url });
    const here = isolate();
    const ports = ['https://HOST:8443/p', 'http://HOST:8443/p'].map((url) => at(url, host));
    const others = ['https://HOST/p', 'http://HOST/p', 'https://HOST:8444/p'];
    for (const url of [...ports, ...at(others, host)]) await here.get(url);
    await here.purge({ urls: [ports[1]] });
    for (const url of ports)
      expect((await here.get(url)).cacheStatus).toMatchObject({ stored: true });
    for (const url of at(others, host))
      expect((await here.get(url)).cacheStatus).toMatchObject({ hit: true });
  });
});

describe('a gateway key is a list of what the URL of a request says', () => {
  const spellings: readonly (readonly [string, string | readonly string[], string])[] = [
    ['no query', ['g', 'https', 'HOST', 'k', '1', '?'], 'https://HOST/k/1'],
    ['a query', ['g', 'https', 'HOST', 'k', '1', '?b=2&a=1'], 'https://HOST/k/1?b=2&a=1'],
    ['the other scheme', ['g', 'http', 'HOST', 'k', '1', '?'], 'http://HOST/k/1'],
    ['the root', ['g', 'https', 'HOST', '', '?'], 'https://HOST/'],
    ['a slash at the end', ['g', 'https', 'HOST', 'k', '', '?'], 'https://HOST/k/'],
    ['a port', ['g', 'https', 'HOST:8443', 'k', '?'], 'https://HOST:8443/k'],
    ['the default port', ['g', 'https', 'HOST:443', 'k', '?'], 'https://HOST/k'],
    [
      'a path beyond ASCII',
      ['g', 'https', 'HOST', 'städte', 'Zürich', '?'],
      'https://HOST/städte/Zürich',
    ],
    ['the same, as it is sent', ['g', 'https', 'HOST', 'st%C3%A4dte', '?'], 'https://HOST/städte'],
    ['a query beyond ASCII', ['g', 'https', 'HOST', 'k', '?q=Zürich'], 'https://HOST/k?q=Zürich'],
    ['a space', ['g', 'https', 'HOST', 'a b', '?'], 'https://HOST/a%20b'],
    ['an encoded slash', ['g', 'https', 'HOST', 'a%2Fb', '?'], 'https://HOST/a%2Fb'],
    ['as inspection shows it', 'g:https:HOST:a%3Ab:?x%3Ay', 'https://HOST/a:b?x:y'],
    ['a colon', ['g', 'https', 'HOST', 'a:b', '?x:y'], 'https://HOST/a:b?x:y'],
  ];

  test.each(spellings)('%s', async (_, key, url) => {
    for (const how of ['keys', 'prefixes'] as const) {
      const { host, isolate } = await deploy({ origin: origin.url });
      const here = isolate();
      const [named, asked] = [at(key, host), at(url, host)];
      await here.get(asked);
      expect((await here.get(asked)).cacheStatus).toMatchObject({ hit: true });
      const answer = await here.purge({ [how]: [named] });
      expect(answer.json()).toMatchObject({ targets: 1 });
      expect((await here.get(asked)).cacheStatus).toMatchObject({ stored: true });
    }
  });

  test('as a prefix without the query it covers every query and all that is below', async () => {
    const { host, isolate } = await deploy({ origin: origin.url });
    const here = isolate();
    const inside = ['/städte', '/städte?x', '/städte/', '/städte/Zürich?y'];
    for (const path of [...inside, '/städteverzeichnis']) await here.get(path);
    await here.purge({ prefixes: [['g', 'https', host, 'städte']] });
    for (const path of inside)
      expect((await here.get(path)).cacheStatus).toMatchObject({ stored: true });
    expect((await here.get('/städteverzeichnis')).cacheStatus).toMatchObject({ hit: true });
  });

  test.each([
    ['text with what may be a port', 'g:https:HOST:8080:k:?', 'as inspection shows it'],
    ['text that no inspection shows', 'g:https:HOST:a b:?', 'as inspection shows it'],
    ['no query segment', ['g', 'https', 'HOST', 'k'], "must end with the query, '?' for none"],
    [
      'another host',
      ['g', 'https', 'other.test', 'k', '?'],
      "must be on one of the tenant's own hosts",
    ],
    [
      'a scheme with a host of its own',
      ['g', 'https://other.test/', 'HOST', '?'],
      "must be on one of the tenant's own hosts",
    ],
    ['another scheme', ['g', 'ftp', 'HOST', 'k', '?'], 'must begin with https:// or http://'],
    ['no host', ['g', 'https'], 'must be an absolute URL'],
    ['only the owner', ['g'], 'must be an absolute URL'],
  ])('%s is refused', async (_, key, message) => {
    const { host, isolate } = await deploy({ origin: origin.url });
    const answer = await isolate().purge({ keys: [at(key, host)] });
    expect(answer.status).toBe(400);
    expect((answer.json() as { problems: readonly string[] }).problems).toEqual([
      expect.stringContaining(message),
    ]);
  });
});
