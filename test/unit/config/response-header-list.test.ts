import { describe, expect, it, test } from 'vitest';
import { MINIMAL, TENANT, loading } from './loading.ts';

const { load, problemsOf } = loading(MINIMAL);

const tenants = (responseHeaders: unknown) => ({ TENANTS: [{ ...TENANT, responseHeaders }] });
const problemsIn = (responseHeaders: unknown): string[] => problemsOf(tenants(responseHeaders));

describe('responseHeaders', () => {
  it.each([null, [], 'x-a: b', 5])('%j is no object of headers', (value) => {
    const [problem, ...others] = problemsIn(value);
    expect(problem).toMatch(
      /^TENANTS\[0\]\.responseHeaders: is .*, must be an object of at most 50 headers, each with a text$/,
    );
    expect(others).toEqual([]);
  });

  it.each(['', 'a b', 'a:', 'a\r\nb', 'é', 'a\0', '(a)', 'a'.repeat(129)])(
    '%j is no name, and is not said',
    (name) => {
      expect(problemsIn({ [name]: 'x' })).toEqual([
        'TENANTS[0].responseHeaders: has a name that can not be one of a header',
      ]);
    },
  );

  it.each(['a\r\nSet-Cookie: b=c', 'a\nb', 'a\rb', 'a\0b', ' a', 'a ', '\ta', 'a\t', 'é', '', ' '])(
    'the value %j is refused',
    (value) => {
      expect(problemsIn({ 'x-a': value })).toEqual([
        'TENANTS[0].responseHeaders.x-a: must be visible ASCII characters with spaces and tabs between them only',
      ]);
    },
  );

  it.each([
    [7, 'is 7, must be a text'],
    [null, 'is null, must be a text'],
    [['a'], 'is a list, must be a text'],
    ['a'.repeat(4097), 'has 4097 characters, must have at most 4096'],
  ])('the value %s: %s', (value, problem) => {
    expect(problemsIn({ 'x-a': value })).toEqual([`TENANTS[0].responseHeaders.x-a: ${problem}`]);
  });

  it.each([
    'Content-Length',
    'content-encoding',
    'Content-Type',
    'content-range',
    'content-location',
    'Transfer-Encoding',
    'connection',
    'Keep-Alive',
    'trailer',
    'upgrade',
    'te',
    'proxy-authenticate',
    'Age',
    'Date',
    'ETag',
    'Last-Modified',
    'Vary',
    'Cache-Control',
    'Expires',
    'CDN-Cache-Control',
    'Tiercel-CDN-Cache-Control',
    'tiercel-x',
    'Cache-Status',
    'Cache-Tag',
    'Cache-Groups',
    'Cache-Group-Invalidation',
    'Set-Cookie',
    'Location',
    'accept-ranges',
    'pragma',
    'www-authenticate',
    'surrogate-key',
    'cf-ray',
    'retry-after',
  ])('%s says what the response is, and is not set', (name) => {
    expect(problemsIn({ [name]: 'x' })).toEqual([
      `TENANTS[0].responseHeaders.${name}: must not be set: it says what the response is`,
    ]);
  });

  it.each(['Access-Control-Allow-Origin', 'Link', 'Server', 'Content-Security-Policy', 'Alt-Svc'])(
    '%s may be set',
    (name) => {
      expect(load(tenants({ [name]: 'x' })).tenants[0]?.caching?.responseHeaders).toEqual([
        [name.toLowerCase(), 'x'],
      ]);
    },
  );

  test('fifty may be set, and not one more', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, 'x']));
    expect(problemsIn(many(50))).toEqual([]);
    expect(problemsIn(many(51))).toEqual([
      'TENANTS[0].responseHeaders: has 51 headers, must have at most 50',
    ]);
  });

  test('a name counts once, in whatever case', () => {
    expect(problemsIn({ 'X-A': 'a', 'x-a': 'b' })).toEqual([
      'TENANTS[0].responseHeaders.x-a: is listed already',
    ]);
  });

  test('names that objects have of their own are names like others', () => {
    const list = JSON.stringify([TENANT]).replace(
      '"id"',
      '"responseHeaders":{"__proto__":"a","constructor":"b"},"id"',
    );
    expect(load({ TENANTS: list }).tenants[0]?.caching?.responseHeaders).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  test('no message holds a value', () => {
    const problems = problemsIn({ 'x-a': 'hunter2\n', age: 'hunter2', 'x-b': 'hunter2 ' });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('hunter2');
  });
});
