import { describe, expect, test } from 'vitest';
import { deploy } from '../../support/deployment.ts';
import { openOrigin } from '../../support/origin.ts';
import { stage } from '../../support/stage.ts';

stage();
const origin = await openOrigin();

/** Spellings that some servers take for one another. */
const GROUPS: readonly (readonly string[])[] = [
  [
    '/a',
    '/./a',
    '//a',
    '/x/../a',
    '/x/%2e%2e/a',
    '/x/%2E%2E/a',
    '/x/.%2e/a',
    '/x/..%2fa',
    '/x%2f..%2fa',
  ],
  [
    '/b/c',
    '/b//c',
    '/b/./c',
    '/b%2fc',
    '/b%2Fc',
    '/b\\c',
    '/b%5cc',
    '/b%5Cc',
    '/b;/c',
    '/b/c/',
    '/b/c/.',
  ],
  [
    '/d',
    '/D',
    '/%64',
    '/%44',
    '/d?',
    '/d??',
    '/d#x',
    '/d%20',
    '/d%00',
    '/d%0a',
    '/d%zz',
    '/d%25zz',
    '/d%',
  ],
  ['/é', '/e\u0301', '/%C3%A9', '/%c3%a9', '/e%CC%81', '/%E9', '/%u00e9'],
  [
    '/e?a=1&b=2',
    '/e?b=2&a=1',
    '/e?a=1&b=2&',
    '/e?a=1;b=2',
    '/e?a=1%26b=2',
    '/e?A=1&b=2',
    '/e?a=%31&b=2',
    '/e?a=1&a=1&b=2',
  ],
  ['/f?a=b c', '/f?a=b+c', '/f?a=b%20c', '/f?a=b%2bc', '/f?a=b%2Bc'],
];

describe('two requests share an entry only if the origin is sent the same URL [trap:path-normalisation] [trap:parameter-cloaking]', () => {
  test.each(GROUPS)('%s and its like', async (...paths) => {
    const here = (await deploy({ origin: origin.url })).isolate();
    const before = (await origin.seen()).length;
    const answers = new Map<string, string>();
    for (const path of paths) {
      const { text, status } = await here.get(path);
      expect(status).toBe(200);
      answers.set(path, text);
    }
    // The origin names in each body the URL that it was sent.
    const sent = (await origin.seen()).slice(before).map(({ target }) => target);
    expect(new Set(sent).size).toBe(sent.length);
    expect(new Set(answers.values()).size).toBe(sent.length);
    for (const [path, text] of answers) {
      const wanted = new URL(`https://any.test${path}`);
      expect(JSON.parse(text)).toMatchObject({ target: wanted.pathname + wanted.search });
    }
  });

  test('what an origin may tell apart is not written anew', async () => {
    const here = (await deploy({ origin: origin.url })).isolate();
    const target = '/G%2f%2F%zz//;x=1/..%2f?a=1;b=%26&&A=+%20';
    expect((await here.get(target)).json()).toMatchObject({ target });
  });
});

describe('hosts [trap:path-normalisation]', () => {
  const IDN = 'xn--bcher-kva.test';

  test('are compared as the URL standard writes them', async () => {
    const deployment = await deploy({ origin: origin.url });
    const name = `${deployment.tenant}.${IDN}`;
    const tenants = [{ id: deployment.tenant, hosts: [name], origin: origin.url }];
    const here = deployment.isolate({ TENANTS: JSON.stringify(tenants) });
    const first = await here.get(`https://${name}/host`);
    expect(first.cacheStatus).toMatchObject({ stored: true });
    for (const other of [
      `https://${name.toUpperCase()}/host`,
      `https://${name}:443/host`,
      `https://${deployment.tenant}.bücher.test/host`,
      `https://${deployment.tenant}.BÜCHER.test/host`,
      `https://${deployment.tenant}.bu\u0308cher。test/host`,
    ])
      expect((await here.get(other)).text).toBe(first.text);
    for (const port of [
      `http://${name}/host`,
      `http://${name}:443/host`,
      `https://${name}:80/host`,
    ])
      expect((await here.get(port)).text).not.toBe(first.text);
    for (const unknown of [
      `https://${name}./host`,
      `https://x.${name}/host`,
      `https://bücher.test/host`,
    ])
      expect((await here.get(unknown)).status).toBe(404);
  });
});
