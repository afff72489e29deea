import { describe, expect, test } from 'vitest';
import { deploy, type Answer } from '../../support/deployment.ts';
import { cc, topic, type Fields } from '../../support/http-case.ts';
import { httpCases } from '../../support/http-cases.ts';
import { openOrigin } from '../../support/origin.ts';

const origin = await openOrigin();

/** What an error must not tell: where the origin and the store are, what went wrong in which piece of code, any secret. */
function expectGeneric(answer: Answer, secrets: readonly string[]): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const all = [answer.text, ...[...answer.headers].flat()].join('\n');
  expect(all).not.toMatch(/\bat \S+ ?\(|\.(?:ts|js):\d|Error:|127\.0\.0\.1|localhost/);
  for (const secret of secrets) expect(all).not.toContain(secret);
  expect(Object.keys(answer.json() as object).toSorted()).toEqual(
    expect.arrayContaining(['code', 'detail', 'status', 'title', 'type']),
  );
}

describe('an error tells nothing of what is behind [trap:leaks]', () => {
  test.each([
    ['an origin that resets', { drop: true }],
    ['a status that is none', { status: 999 }],
    ['a body that breaks off', { body: 'x'.repeat(100), breakAfter: 0 }],
  ] as const)('%s', async (_, answer) => {
    const target = `/fails-${crypto.randomUUID()}`;
    await origin.script({ target, ...answer });
    const deployment = await deploy({ origin: origin.url });
    const got = await deployment.isolate().get(target);
    expect(got.status).toBe(502);
    expectGeneric(got, [new URL(origin.url).port, deployment.tenant + '"']);
  });

  test.each([
    '/_tiercel/v1/purge',
    '/_tiercel/v1/stats',
    '/_tiercel/v1/inspect',
    '/_tiercel/nothing',
  ])('%s, without a token and with a wrong one', async (path) => {
    const deployment = await deploy({ origin: origin.url });
    const here = deployment.isolate();
    const secrets = [deployment.token, String(deployment.variables['UPSTASH_REDIS_REST_TOKEN'])];
    const method = path.endsWith('purge') ? 'POST' : 'GET';
    for (const authorization of ['', 'Bearer wrong', `Basic ${deployment.token}`]) {
      const got = await here.send(method, path, { headers: { authorization } });
      expect([401, 404]).toContain(got.status);
      expectGeneric(got, secrets);
    }
  });

  test('a host of nobody names nobody', async () => {
    const deployment = await deploy({ origin: origin.url });
    const got = await deployment.isolate().get('https://nobody.test/');
    expect(got.status).toBe(404);
    expectGeneric(got, [deployment.tenant, 'nobody']);
  });
});

const SESSION: Fields = [['cookie', 'session=1']];
const PRIVATE = cc('private, max-age=60', ['etag', '"mine"'], ['age', '5']);
const UNSEEN = { age: null } as const;

httpCases(
  topic('a private answer leaves no trace for others [trap:leaks]', [
    ...(['private, max-age=60', 'no-store'] as const).map((value) => ({
      section: value,
      name: 'the next one is answered as the first would be',
      steps: [
        {
          request: { path: '/first' },
          origin: { headers: cc(value) },
          expect: { cacheStatus: { fwd: 'uri-miss', ttl: null } },
        },
        { request: { headers: SESSION }, origin: { headers: cc(value) } },
        {
          wait: 5,
          expect: { headers: UNSEEN, cacheStatus: { fwd: 'uri-miss', ttl: null, stored: null } },
        },
      ],
    })),
    {
      section: 'RFC 9111 5.2.1.7',
      name: 'only-if-cached does not tell that somebody was there',
      steps: [
        { request: { headers: SESSION }, origin: { headers: PRIVATE } },
        {
          request: { headers: cc('only-if-cached') },
          expect: { from: 'gateway', status: 504 },
        },
      ],
    },
    {
      section: 'RFC 9110 13.1.2',
      name: 'a guessed tag is not compared with it',
      steps: [
        { request: { headers: SESSION }, origin: { headers: PRIVATE } },
        {
          request: { headers: [['if-none-match', '"mine"']] },
          origin: { headers: cc('private', ['etag', '"yours"']) },
          expect: { from: 'forwarded', status: 200 },
        },
      ],
    },
    {
      section: 'RFC 9111 5.2.2.7',
      name: 'nor is HEAD answered by it',
      steps: [
        { request: { headers: SESSION }, origin: { headers: PRIVATE } },
        { request: { method: 'HEAD' }, expect: { from: 'origin', headers: { age: '5' } } },
      ],
    },
  ]),
);
