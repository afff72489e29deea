import { describe, expect, test } from 'vitest';
import type { Answer } from '../../dev/fuzz/answer.ts';
import { NotHttp, readAnswer } from '../../dev/fuzz/answer.ts';
import { checkOutcome, type Invariant, ORIGIN_MARK } from '../../dev/fuzz/checks.ts';
import { checkClean, cleanRequest } from '../../dev/fuzz/clean.ts';
import { cleanPages } from '../../dev/fuzz/clean-pages.ts';
import { checkLog } from '../../dev/fuzz/log.ts';
import { wrongWith } from '../../dev/fuzz/origin.ts';
import { bytesOf, isWellFormed, type RawRequest } from '../../dev/fuzz/request.ts';
import { overBudget } from '../../dev/fuzz/run.ts';
import { type FuzzTenant, TENANTS } from '../../dev/fuzz/tenants.ts';

const [plain, , loose] = TENANTS as readonly [FuzzTenant, FuzzTenant, FuzzTenant];

const ask = (over: Partial<RawRequest> = {}): RawRequest => ({
  method: 'GET',
  target: '/x',
  version: 'HTTP/1.1',
  lines: [`Host: ${plain.hosts[0]}`],
  body: '',
  ...over,
});

const answer = (text: string, method = 'GET'): Answer => {
  const read = readAnswer(text, method, true);
  if (!read) throw new Error('It is no answer.');
  return read.answer;
};

const found = (request: RawRequest, text: string): Invariant[] => {
  const read = readAnswer(text, request.method, true);
  if (!read) throw new Error('It is no answer.');
  return checkOutcome(request, { kind: 'answer', ...read }).map(({ invariant }) => invariant);
};

const ok = (body: string, ...lines: string[]): string =>
  ['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...lines, '', body].join('\r\n');

describe('an answer is read strictly', () => {
  test('with a length, in chunks, to the end of the connection, behind interim answers', () => {
    expect(answer(ok('abc'))).toMatchObject({ status: 200, body: 'abc', framing: 'length' });
    const chunks =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n';
    expect(answer(chunks)).toMatchObject({ body: 'abcd', framing: 'chunked', complete: true });
    expect(answer('HTTP/1.1 200 OK\r\n\r\nabc')).toMatchObject({ body: 'abc', framing: 'close' });
    expect(answer(`HTTP/1.1 100 Continue\r\n\r\n${ok('a')}`)).toMatchObject({
      status: 200,
      body: 'a',
    });
    expect(answer(ok('abc').slice(0, -1))).toMatchObject({ body: 'ab', complete: false });
    expect(answer('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 'HEAD')).toMatchObject({
      body: '',
      complete: true,
    });
    expect(readAnswer(ok('abc').slice(0, -1), 'GET', false)).toBeUndefined();
  });

  test.for([
    'HTTP/1.0 200 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'nonsense',
    'HTTP/1.1 200 OK\r\nX y: z\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\nb\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
    'HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\na',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n',
    'HTTP/1.1 200 OK\r\nX',
  ])('%j is none', (text) => {
    expect(() => readAnswer(text, 'GET', true)).toThrow(NotHttp);
  });
});

test('which requests the runtime has to give the Worker', () => {
  expect(isWellFormed(ask())).toBe(true);
  expect(
    isWellFormed(ask({ lines: [`Host: ${plain.hosts[0]}`, 'Content-Length: 3'], body: 'abc' })),
  ).toBe(true);
  for (const over of [
    { method: 'FOO' },
    { target: '*' },
    { target: 'http://a/x' },
    { version: 'HTTP/1.0' },
    { lines: [] },
    { lines: ['Host: a', 'Host: a'] },
    { lines: ['Host: a:99999'] },
    { lines: ['Host: a', 'X : y'] },
    { lines: ['Host: a', 'X: \0'] },
    { lines: ['Host: a', 'Content-Length: 4'], body: 'abc' },
    { lines: ['Host: a', 'Content-Length: 3', 'Transfer-Encoding: chunked'], body: 'abc' },
    { lines: ['Host: a'], body: 'abc' },
  ])
    expect({ over, is: isWellFormed(ask(over)) }).toEqual({ over, is: false });
  expect(bytesOf(ask({ target: '/\xff' })).includes(0xff)).toBe(true);
});

describe('what is wrong with an answer is found', () => {
  const own = `${ORIGIN_MARK}: ${plain.secret} plain`;

  test('nothing is wrong with an ordinary one', () => {
    expect(
      found(ask(), ok(plain.secret, own, 'Cache-Status: Tiercel; hit; ttl=5; detail=memory')),
    ).toEqual([]);
  });

  test('a 500 that is not the origin’s', () => {
    const bare =
      'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 21\r\n\r\nInternal Server Error';
    expect(found(ask(), bare)).toEqual(['own-500']);
    expect(found(ask({ target: '*' }), bare)).toEqual([]);
    const problem = '{"code":"internal_error"}';
    const own500 = `HTTP/1.1 500 X\r\nContent-Type: application/problem+json\r\nContent-Length: ${problem.length}\r\n\r\n${problem}`;
    expect(found(ask(), own500)).toEqual(['own-500']);
    expect(found(ask({ lines: ['Host: a:99999'] }), own500)).toEqual(['own-500']);
    expect(found(ask(), `HTTP/1.1 500 X\r\n${own}\r\nContent-Length: 0\r\n\r\n`)).toEqual([]);
  });

  test('no answer, no HTTP, an end too early, bytes too many', () => {
    const names = (outcome: Parameters<typeof checkOutcome>[1], request = ask()): Invariant[] =>
      checkOutcome(request, outcome).map(({ invariant }) => invariant);
    expect(names({ kind: 'closed' })).toEqual(['no-answer']);
    expect(names({ kind: 'silent', raw: '' })).toEqual(['no-answer']);
    expect(names({ kind: 'closed' }, ask({ lines: ['Host: a', 'X : y'] }))).toEqual([]);
    expect(names({ kind: 'malformed', reason: 'x', raw: loose.secret })).toEqual([
      'malformed',
      'other-tenant',
    ]);
    expect(found(ask(), ok('abc').slice(0, -1))).toEqual(['truncated']);
    expect(found(ask(), ok('abc', `${ORIGIN_MARK}: ${plain.secret} broken`).slice(0, -1))).toEqual(
      [],
    );
    expect(found(ask(), `${ok('abc')}more`)).toEqual(['desync']);
    expect(found(ask({ method: 'HEAD' }), ok('abc'))).toEqual(['desync']);
  });

  test('what another tenant has, and what nobody may see', () => {
    expect(found(ask(), ok(loose.secret))).toEqual(['other-tenant']);
    expect(found(ask(), ok('', `X: ${loose.tag}-2`))).toEqual(['other-tenant']);
    expect(found(ask({ target: `/${loose.tag}` }), ok(loose.tag))).toEqual([]);
    expect(found(ask(), ok(plain.token))).toEqual(['own-secret']);
    expect(found(ask({ lines: ['Host: evil.test'] }), ok(plain.secret))).toEqual(['other-tenant']);
    const both = ask({ lines: [`Host: ${plain.hosts[0]}`, `Host: ${loose.hosts[0]}`] });
    expect(found(both, ok(loose.secret))).toEqual([]);
    expect(found(both, ok(loose.secret + plain.secret))).toEqual(['other-tenant']);
  });

  test('what another client has sent', () => {
    expect(found(ask(), ok('canary-0000007-y'))).toEqual(['canary']);
    expect(found(ask({ target: '/canary-0000007-y' }), ok('CANARY-0000007-Y'))).toEqual([]);
    const inspector = ask({
      target: '/_tiercel/v1/inspect?url=x',
      lines: [`Host: ${plain.hosts[0]}`, `Authorization: Bearer ${plain.token}`],
    });
    expect(found(inspector, ok('canary-0000007-y'))).toEqual([]);
  });

  test('tags, keys and Cache-Status', () => {
    expect(found(ask(), ok('', 'Cache-Tag: x'))).toEqual(['tags']);
    expect(found(ask(), ok('', `X: ${plain.tag}`))).toEqual(['tags']);
    expect(
      found(ask({ lines: [`Host: ${loose.hosts[0]}`] }), ok('', `Cache-Tag: ${loose.tag}`)),
    ).toEqual([]);
    const keyed = ok('', 'Cache-Status: Tiercel; hit; ttl=1; key="g:x"');
    expect(found(ask(), keyed)).toEqual(['key']);
    const debug = [`Host: ${plain.hosts[0]}`, `Tiercel-Debug: ${plain.token}`];
    expect(found(ask({ lines: debug }), keyed)).toEqual([]);
    expect(found(ask({ lines: [debug[0] ?? '', `Tiercel-Debug: ${loose.token}`] }), keyed)).toEqual(
      ['key'],
    );
    for (const line of [
      'Tiercel; hit, Other',
      'Tiercel; hit, Tiercel; hit',
      'broken"',
      'Other; hit',
      'Tiercel; hit; fwd=miss',
    ])
      expect({ line, found: found(ask(), ok('', `Cache-Status: ${line}`)) }).toEqual({
        line,
        found: ['cache-status'],
      });
  });

  test('a part that is not of the length that it says', () => {
    const part = (body: string): string =>
      `HTTP/1.1 206 P\r\nContent-Range: bytes 0-2/9\r\nCache-Status: Tiercel; hit; ttl=1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect(found(ask(), part('abc'))).toEqual([]);
    expect(found(ask(), part('abcd'))).toEqual(['body']);
  });

  test('a clean page that is another one', () => {
    const [page] = cleanPages(plain);
    if (!page) throw new Error('There is no clean page.');
    const request = cleanRequest(plain, page);
    const text = (status: number, body: string, ...more: string[]): string =>
      [
        `HTTP/1.1 ${status} OK`,
        `Content-Length: ${body.length}`,
        ...page.fields.map(([name, value]) => `${name}: ${value}`),
        ...more,
        '',
        body,
      ].join('\r\n');
    const check = (raw: string): string[] =>
      checkClean(plain, page, request, { kind: 'answer', answer: answer(raw), rest: '' }).map(
        ({ detail }) => detail,
      );
    expect(check(text(200, page.body, 'Age: 3', 'Date: now'))).toEqual([]);
    expect(check(text(404, page.body))).toEqual([
      expect.stringMatching(/^plain GET \/clean\/page: the status is 404/),
    ]);
    expect(check(text(200, `${page.body}x`))).toEqual([
      expect.stringContaining('Content-Length is 201, not 200.'),
      expect.stringContaining('the body of 201 bytes is another one'),
    ]);
    expect(check(text(200, page.body, 'X-More: y'))).toEqual([
      expect.stringContaining('there is a field X-More: "y".'),
    ]);
    expect(check(text(200, page.body, 'ETag: "other"'))).toEqual([
      expect.stringContaining('etag is'),
    ]);
    expect(
      checkClean(plain, page, request, { kind: 'closed' }).map(({ invariant }) => invariant),
    ).toEqual(['no-answer', 'clean']);
  });
});

test('what an origin must not be sent is found', () => {
  const sent = (over: Partial<Parameters<typeof wrongWith>[1]> = {}): string | undefined =>
    wrongWith(plain, {
      method: 'GET',
      target: '/x',
      fields: [['X-Forwarded-Host', plain.hosts[0]]],
      body: '',
      number: 1,
      ...over,
    });
  expect(sent()).toBeUndefined();
  expect(sent({ fields: [['X-Forwarded-Host', loose.hosts[0]]] })).toMatch(
    /was asked for the host/,
  );
  expect(sent({ fields: [] })).toMatch(/was asked for the host/);
  expect(sent({ target: '/_tiercel/v1/stats' })).toMatch(/the gateway's own/);
  expect(sent({ method: 'PURGE' })).toMatch(/was sent a PURGE/);
  expect(sent({ body: 'x' })).toMatch(/a GET with a body/);
  expect(
    sent({
      fields: [
        ['X-Forwarded-Host', plain.hosts[0]],
        ['X-Original-URL', '/y'],
      ],
    }),
  ).toMatch(/the field X-Original-URL/);
});

test('a line of the log that nobody expects is found', () => {
  for (const line of [
    { level: 'error', message: 'TypeError: x is no function' },
    { level: 'error', message: '{"type":"purge_failed"}' },
    { level: 'log', message: 'Uncaught (in promise) Error: y' },
    { level: 'warn', message: 'RangeError: z\n    at f' },
  ])
    expect(checkLog(line)?.invariant).toBe('log');
  for (const line of [
    {
      level: 'warn',
      message: '{"type":"origin_error","message":"OriginError: The origin could not be reached."}',
    },
    {
      level: 'error',
      message: 'Uncaught exception: kj/compat/url.c++:165: failed: expected tryParse(url)',
    },
  ])
    expect(checkLog(line)).toBeUndefined();
});

test('what comes behind the answer to a request that is too long is for whom the client has named there', () => {
  const refused = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 11\r\n\r\nBad Request';
  const next = (tenant: FuzzTenant) =>
    `HTTP/1.1 200 OK\r\nContent-Length: ${tenant.secret.length}\r\n\r\n${tenant.secret}`;
  const smuggling = ask({
    method: 'POST',
    lines: ['Host: ', 'Content-Length: 1'],
    body: `xGET /clean/page HTTP/1.1\r\nHost: ${plain.hosts[0]}\r\n\r\n`,
  });
  const seen = (raw: string, request = smuggling): Invariant[] => found(request, raw);
  expect(seen(refused + next(plain))).not.toContain('other-tenant');
  expect(seen(refused + next(loose))).toContain('other-tenant');
  // In the answer itself it is nobody's.
  expect(seen(next(plain))).toContain('other-tenant');
});

test('more memory than is allowed is found', () => {
  const limits = { heapMb: 64, residentMb: 256 };
  const held = (heap: number, resident: number) => ({ idle: 90e6, held: { heap, resident } });
  expect(overBudget(held(64e6, 346e6), limits)).toEqual([]);
  expect(overBudget(held(65e6, 347e6), limits)).toEqual([
    'The isolate holds 65.0 MB after a collection, 64 MB are allowed.',
    'The process holds 257.0 MB above idle after a collection, 256 MB are allowed.',
  ]);
});
