import { describe, expect, it, test } from 'vitest';
import { MINIMAL, loading } from './loading.ts';

const DIGEST = '0123456789abcdef'.repeat(4);
const OTHER_DIGEST = 'f'.repeat(64);
const CREDENTIAL = { id: 'ci', sha256: DIGEST, tenant: 'acme', scopes: ['purge'] };

const { load, problemsOf } = loading(MINIMAL);

describe('CREDENTIALS', () => {
  it.each<[string, unknown]>([
    ['as a JSON text', JSON.stringify([CREDENTIAL])],
    ['as a value', [CREDENTIAL]],
  ])('are read %s', (_what, value) => {
    expect(load({ CREDENTIALS: value }).credentials).toEqual([CREDENTIAL]);
  });

  test('may be of every tenant, and several of one', () => {
    const list = [
      { ...CREDENTIAL, tenant: '*', scopes: ['purge', 'stats'] },
      { ...CREDENTIAL, id: 'other', sha256: OTHER_DIGEST },
    ];
    expect(load({ CREDENTIALS: list }).credentials).toEqual(list);
  });

  test('may be left out: nobody may purge then', () => {
    expect(load({}).credentials).toEqual([]);
    expect(load({ CREDENTIALS: '[]' }).credentials).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '[', 'CREDENTIALS: is not valid JSON'],
    ['no list', '{"id":"a"}', 'CREDENTIALS: '],
    ['no id', [{ ...CREDENTIAL, id: '' }], 'CREDENTIALS[0].id: must not be empty'],
    [
      'a digest that is too short',
      [{ ...CREDENTIAL, sha256: 'ab' }],
      'CREDENTIALS[0].sha256: must be the SHA-256',
    ],
    [
      'a digest in upper case',
      [{ ...CREDENTIAL, sha256: DIGEST.toUpperCase() }],
      'CREDENTIALS[0].sha256: must be the SHA-256',
    ],
    [
      'a token instead of a digest',
      [{ ...CREDENTIAL, sha256: 'token' }],
      'CREDENTIALS[0].sha256: must be the SHA-256',
    ],
    [
      'a tenant that is none',
      [{ ...CREDENTIAL, tenant: 'A' }],
      'CREDENTIALS[0].tenant: must be * or 1 to 64',
    ],
    [
      'a tenant that there is not',
      [CREDENTIAL, { ...CREDENTIAL, id: 'other', sha256: OTHER_DIGEST, tenant: 'else' }],
      'CREDENTIALS[1].tenant: is the id of no tenant',
    ],
    [
      'no scope',
      [{ ...CREDENTIAL, scopes: [] }],
      'CREDENTIALS[0].scopes: must name at least one scope',
    ],
    [
      'an unknown scope',
      [CREDENTIAL, { ...CREDENTIAL, scopes: ['purge', 'all'] }],
      'CREDENTIALS[1].scopes[1]: must be one of purge, stats',
    ],
    [
      'an id twice',
      [CREDENTIAL, { ...CREDENTIAL, sha256: OTHER_DIGEST }],
      'CREDENTIALS[1].id: is used twice',
    ],
    [
      'a digest twice: nobody could say whose token it was',
      [CREDENTIAL, { ...CREDENTIAL, id: 'other' }],
      'CREDENTIALS[1].sha256: is used twice',
    ],
    ['an unknown member', [{ ...CREDENTIAL, role: 'admin' }], 'CREDENTIALS[0]: '],
  ])('%s is a problem', (_what, value, problem) => {
    const problems = problemsOf({ CREDENTIALS: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.startsWith(problem)).toBe(true);
  });
});
