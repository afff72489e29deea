import { describe, expect, it, test } from 'vitest';
import { STRIPPED_REQUEST_HEADERS } from '../../../src/gateway/request-headers.ts';
import { MINIMAL, TENANT, loading } from './loading.ts';

const { problemsOf } = loading(MINIMAL);

const problemsIn = (said: Readonly<Record<string, unknown>>): string[] =>
  problemsOf({ TENANTS: [{ ...TENANT, ...said }] });

const NEEDED = ': a request without it would be another request';

describe.each([
  ['query', 'query parameters', 'query parameter as it is meant, without escapes'],
  ['vary', 'request headers', 'header, in lower case'],
  ['cookies', 'cookies', 'cookie'],
])('%s', (field, plural, one) => {
  it.each<[string, unknown, string]>([
    [
      'no object',
      ['a'],
      `: is a list, must be an object with either allow or drop, a list of at most 100 names of ${plural}; * at the end of a name stands for all that begin so`,
    ],
    ['nothing', null, ': is null, must be an object with either allow or drop'],
    ['text', 'a', ": is 'a', must be an object with either allow or drop"],
    ['neither', {}, ': has neither, must have either allow or drop'],
    ['both', { allow: [], drop: [] }, ': has both, must have either allow or drop'],
    ['another member', { keep: ['a'] }, ': holds members that it does not have: keep'],
    ['another member besides', { drop: [], a: 1 }, ': holds members that it does not have: a'],
    ['no list', { allow: 'a' }, `.allow: is 'a', must be a list of names of ${plural}`],
    ['no list of drops', { drop: null }, `.drop: is null, must be a list of names of ${plural}`],
    [
      'too many names',
      { allow: Array.from({ length: 101 }, (_, at) => `n${at}`) },
      '.allow: has 101 names, must have at most 100',
    ],
    ['a number', { drop: ['a', 7] }, `.drop[1]: is 7, must be the name of a ${one}`],
    ['an empty name', { drop: [''] }, `.drop[0]: is empty, must be the name of a ${one}`],
    ['a line feed', { drop: ['a\nb'] }, `.drop[0]: must be the name of a ${one}`],
    ['a NUL', { allow: ['a\0'] }, `.allow[0]: must be the name of a ${one}`],
    [
      'a long name',
      { allow: ['a'.repeat(257)] },
      '.allow[0]: has 257 characters, must have at most 256',
    ],
    ['a * before the end', { drop: ['a*b'] }, '.drop[0]: must have * at its end only'],
    ['two *', { allow: ['a**'] }, '.allow[0]: must have * at its end only'],
    [
      'a lone * that allows',
      { allow: ['*'] },
      '.allow[0]: must not be * alone: that would allow all, as if nothing were said',
    ],
    ['a name twice', { drop: ['a', 'b*', 'a'] }, '.drop[2]: is listed already'],
  ])('%s is a problem', (_what, value, problem) => {
    const problems = problemsIn({ [field]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.startsWith(`TENANTS[0].${field}${problem}`)).toBe(true);
  });

  test('a hundred names are allowed, as long as names may be', () => {
    const names = Array.from({ length: 100 }, (_, at) => `n${at}`.padEnd(256, 'n'));
    for (const kind of ['allow', 'drop'])
      expect(problemsIn({ [field]: { [kind]: names } })).toEqual([]);
  });
});

describe('vary', () => {
  it.each(['Accept', 'a b', 'a:', 'é', 'a,b', ' a'])('%j is no name', (name) => {
    for (const kind of ['allow', 'drop']) {
      expect(problemsIn({ vary: { [kind]: [name] } })).toEqual([
        `TENANTS[0].vary.${kind}[0]: must be the name of a header, in lower case`,
      ]);
    }
  });

  it.each([
    'host',
    'authorization',
    'cookie',
    'range',
    'connection',
    'upgrade',
    'te',
    'trailer',
    'if-none-match',
    'if-modified-since',
    'if-match',
    'if-range',
    'if-unmodified-since',
    'content-type',
    'content-length',
    'transfer-encoding',
    'expect',
    'keep-alive',
    'via',
    'cdn-loop',
    'max-forwards',
    'sec-websocket-key',
    'proxy-authorization',
    'cache-control',
    'pragma',
  ])('%s is not dropped', (name) => {
    expect(problemsIn({ vary: { drop: [name] } })).toEqual([
      `TENANTS[0].vary.drop[0]: must not be dropped${NEEDED}`,
    ]);
    expect(problemsIn({ vary: { allow: [name] } })).toEqual([]);
  });

  test('the address of the client is not dropped', () => {
    expect(problemsIn({ vary: { drop: ['x-forwarded-for'] } })).toEqual([
      'TENANTS[0].vary.drop[0]: must not be dropped: the gateway itself tells origins the address of the client in it',
    ]);
  });

  it.each([
    ['*', 'authorization'],
    ['a*', 'authorization'],
    ['c*', 'cache-control'],
    ['cook*', 'cookie'],
    ['cookie*', 'cookie'],
    ['if-*', 'if-'],
    ['if-n*', 'if-n'],
    ['sec*', 'sec-websocket-'],
    ['t*', 'te'],
  ])('%s is not dropped: it stands for %s too', (name, needed) => {
    expect(problemsIn({ vary: { drop: [name] } })).toEqual([
      `TENANTS[0].vary.drop[0]: stands for names that must not be dropped, such as ${needed}: a request without them would be another request`,
    ]);
  });
});

describe('cookies', () => {
  it.each(['a=b', 'a;b', 'a b', 'a,b', '"a"', 'é', 'a/b', '[a]'])('%j is no name', (name) => {
    expect(problemsIn({ cookies: { allow: [name] } })).toEqual([
      'TENANTS[0].cookies.allow[0]: must be the name of a cookie',
    ]);
  });
});

describe('requestHeaders', () => {
  it.each<[string, unknown, string]>([
    [
      'a word',
      'all',
      ": is 'all', must be pass, or a list of at most 100 names of request headers",
    ],
    ['a choice', { allow: ['x-a'] }, ': is an object, must be pass, or a list'],
    ['a name in upper case', ['x-a', 'X-B'], '[1]: must be the name of a header, in lower case'],
    ['a number', [1], '[0]: is 1, must be the name of a header, in lower case'],
    ['an empty name', [''], '[0]: is empty, must be the name of a header, in lower case'],
    ['all that begin so', ['x-*'], '[0]: must not have a *: each name is listed by itself'],
    ['all', ['*'], '[0]: must not have a *: each name is listed by itself'],
    ['a name twice', ['x-a', 'x-a'], '[1]: is listed already'],
    [
      'too many',
      Array.from({ length: 101 }, (_, at) => `x-${at}`),
      ': has 101 names, must have at most 100',
    ],
  ])('%s is a problem', (_what, value, problem) => {
    const problems = problemsIn({ requestHeaders: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.startsWith(`TENANTS[0].requestHeaders${problem}`)).toBe(true);
  });

  it.each([...STRIPPED_REQUEST_HEADERS, 'cf-connecting-ip', 'x-forwarded-host', 'x_app'])(
    '%s never reaches an origin, and is not listed',
    (name) => {
      const problems = problemsIn({ requestHeaders: [name] });
      expect(problems).toEqual([
        'TENANTS[0].requestHeaders[0]: never reaches an origin, and can not be passed on by name',
      ]);
    },
  );

  it.each(['host', 'authorization', 'cookie', 'range', 'if-match', 'connection', 'te', 'via'])(
    '%s is for the gateway to decide on',
    (name) => {
      expect(problemsIn({ requestHeaders: [name] })).toEqual([
        'TENANTS[0].requestHeaders[0]: must not be listed: the gateway itself decides what an origin is told in it',
      ]);
    },
  );
});

test('no message holds a name', () => {
  const secret = 'hunter2 in the wrong place';
  const said = {
    query: { allow: [`${secret}\n`] },
    vary: { drop: [secret] },
    cookies: { drop: [secret] },
    requestHeaders: [secret],
  };
  const problems = problemsIn(said);
  expect(problems).toHaveLength(4);
  expect(problems.join()).not.toContain('hunter2');
});
