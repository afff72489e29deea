import { describe, expect, it, test } from 'vitest';
import { DEFAULT_CACHE_POLICY } from '../../../src/tenant/policy.ts';
import { MINIMAL, TENANT, loading } from './loading.ts';

const { load, problemsOf } = loading(MINIMAL);

const problemsIn = (paths: unknown): string[] => problemsOf({ TENANTS: [{ ...TENANT, paths }] });
const ofPaths = (...paths: string[]): string[] => problemsIn(paths.map((path) => ({ path })));

const PATH = 'must be a path that begins with / and has no space, query or fragment';
const AMBIGUOUS =
  'fits no request: a path is ambiguous, and fits no rule, by //, \\, ;, an escape of one of . / \\ ; ? # % or of a control character, or an escape that is none';

describe('a path rule', () => {
  test('has what it says, and the rest from its tenant', () => {
    const [tenant] = load({
      TENANTS: [
        {
          ...TENANT,
          ttl: { default: '1m', max: '1h' },
          setCookie: 'store',
          exposeTags: true,
          paths: [
            { path: '/static/*', ttl: { default: '1d' }, exposeTags: false },
            { path: '/account/*', cache: 'bypass' },
            { path: '/*' },
          ],
        },
      ],
    }).tenants;
    const caching = {
      ...DEFAULT_CACHE_POLICY,
      ttl: { default: 60, min: 0, max: 3600 },
      setCookie: 'store',
      exposeTags: true,
    };
    expect(tenant?.caching).toEqual(caching);
    expect(tenant?.paths).toEqual([
      {
        path: '/static/*',
        // Whole, and not merged: no max.
        caching: {
          ...caching,
          ttl: { default: 86_400, min: 0, max: Infinity },
          exposeTags: false,
        },
      },
      { path: '/account/*', caching: { ...caching, cache: 'bypass' } },
      { path: '/*', caching },
    ]);
  });

  it.each([
    '/',
    '/*',
    '/a',
    '/A/*',
    '/*.pdf',
    '/*/edit',
    '/.well-known/*',
    '/%C3%A9',
    '/é',
    '/a%20b',
    '/~a!$&\'()+,=:@[]{}|^"<>',
    '/%2A',
    '/...',
    `/${'a*'.repeat(20)}`,
    `/${'a'.repeat(1023)}`,
  ])('may have the path %j', (path) => {
    expect(ofPaths(path)).toEqual([]);
  });

  it.each<[unknown, string]>([
    [undefined, 'is missing, must be a path'],
    [7, 'is 7, must be a path'],
    ['', PATH],
    ['a', PATH],
    ['*', PATH],
    ['/a b', PATH],
    ['/a\tb', PATH],
    ['/a\nb', PATH],
    ['/a?b=c', PATH],
    ['/a#b', PATH],
    ['https://acme.example/a', PATH],
    ['/**', 'must not have **: one * stands for any characters, / included'],
    ['/a/**/b', 'must not have **: one * stands for any characters, / included'],
    [`/${'a*'.repeat(21)}`, 'must have at most 20 *'],
    [`/${'a'.repeat(1024)}`, 'has 1025 characters, must have at most 1024'],
    ...['//', '/a//*', '/a;b', '/a\\b', '/%2f*', '/%5C', '/%2E%2e/', '/%3b', '/%3F', '/%23'].map(
      (path): [string, string] => [path, AMBIGUOUS],
    ),
    ...[
      '/%25',
      '/%00',
      '/%0a',
      '/%7f',
      '/%',
      '/%4',
      '/%zz',
      '/%*',
      '/%C3*%A9',
      '/\u0001',
      '/a\u007fb',
    ].map((path): [string, string] => [path, AMBIGUOUS]),
    ['/a/../b', 'fits no request: a URL has no segment that is . or ..'],
    ['/./a', 'fits no request: a URL has no segment that is . or ..'],
    ['/a/..', 'fits no request: a URL has no segment that is . or ..'],
    ['/*/.', 'fits no request: a URL has no segment that is . or ..'],
  ])('has no path %j', (path, problem) => {
    expect(problemsIn([{ path: '/first' }, { path }])).toEqual([
      `TENANTS[0].paths[1].path: ${problem}`,
    ]);
  });

  it.each<[string, unknown, string]>([
    ['no list', { path: '/a' }, ': is an object, must be a list of rules'],
    ['null', null, ': is null, must be a list of rules'],
    ['a path alone', ['/a'], "[0]: is '/a', must be an object with a path"],
    ['a field of a tenant', [{ path: '/a', hosts: [] }], '[0]: holds members'],
    ['quotas of its own', [{ path: '/a', quotas: {} }], '[0]: holds members'],
    ['rules of its own', [{ path: '/a', rules: [] }], '[0]: holds members'],
    ['paths of its own', [{ path: '/a', paths: [] }], '[0]: holds members'],
    [
      'too many rules',
      Array.from({ length: 101 }, (_, at) => ({ path: `/${at}` })),
      ': must have at most 100 rules',
    ],
  ])('%s is a problem', (_what, value, problem) => {
    const problems = problemsIn(value);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.startsWith(`TENANTS[0].paths${problem}`)).toBe(true);
  });

  test('there may be a hundred', () => {
    expect(ofPaths(...Array.from({ length: 100 }, (_, at) => `/${at}`))).toEqual([]);
  });

  test('no message holds a path', () => {
    const problems = ofPaths('/hunter2//', '/hunter2 ', 'hunter2', '/hunter2/..', '/hunter2**');
    expect(problems).toHaveLength(5);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('a rule that can never be reached', () => {
  it.each([
    ['/a', '/a'],
    ['/*', '/a'],
    ['/*', '/*'],
    ['/*', '/a*b'],
    ['/a*', '/ab*c'],
    ['/*.pdf', '/static/*.pdf'],
    ['/a*b*c', '/a*bbb*xc'],
    ['/a*', '/a*'],
    ['/é', '/%C3%A9'],
    ['/%41*', '/A/*'],
  ])('behind %s: %s', (first, second) => {
    expect(ofPaths('/other', first, second)).toEqual([
      'TENANTS[0].paths[2].path: can never be reached: paths[1] fits all that it fits, and comes first',
    ]);
  });

  it.each([
    ['/a', '/A'],
    ['/a', '/*'],
    ['/a*', '/*'],
    ['/a*', '/*a'],
    ['/static/*.pdf', '/*.pdf'],
    ['/*b', '/b*'],
    ['/a*a', '/a'],
    ['/a*bc*', '/ab*c'],
    // The one that is encoded stands for itself.
    ['/a%2A', '/a*'],
    ['/a*b', '/a*'],
  ])('behind %s it is not: %s', (first, second) => {
    expect(ofPaths(first, second)).toEqual([]);
  });
});

describe('of rules that bypass letter case counts for nothing', () => {
  const rules = (...given: readonly (readonly [path: string, bypasses: boolean])[]) =>
    problemsIn(given.map(([path, is]) => ({ path, ...(is ? { cache: 'bypass' } : {}) })));

  test('what is behind one is never reached in any', () => {
    expect(rules(['/Account/*', true], ['/account/me', false])).toEqual([
      'TENANTS[0].paths[1].path: can never be reached: paths[0] fits all that it fits, and comes first',
    ]);
  });

  test('one of them is reached in other letters alone behind a rule that does not', () => {
    expect(rules(['/account/*', false], ['/account/me', true])).toEqual([
      'TENANTS[0].paths[1].path: can never be reached as it is spelled: paths[0] fits all that it fits, and comes first',
    ]);
    expect(rules(['/account/*', false], ['/ACCOUNT/*', true])).toEqual([]);
  });
});
