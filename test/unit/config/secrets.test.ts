import { describe, expect, it } from 'vitest';
import type { Variables } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/errors.ts';
import { MINIMAL, TENANT, loading } from './loading.ts';

const DIGEST = '0123456789abcdef'.repeat(4);
const CREDENTIAL = { id: 'ci', sha256: DIGEST, tenant: 'acme', scopes: ['purge'] };

const { errorOf } = loading(MINIMAL);

describe('a secret is in no message: the Worker answers with them', () => {
  const SECRET = 'S3cr3tValue-0123456789';
  const secretly: Variables = { UPSTASH_REDIS_REST_TOKEN: SECRET, CACHE_PRESET: 'production' };

  it.each<[string, Variables]>([
    ['a token beside a bad URL', { ...secretly, UPSTASH_REDIS_REST_URL: 'http://redis.example' }],
    ['a token as the URL', { ...secretly, UPSTASH_REDIS_REST_URL: SECRET }],
    [
      'a token inside the URL',
      {
        ...secretly,
        UPSTASH_REDIS_REST_URL: `http://default:${SECRET}@redis.example/${SECRET}?t=${SECRET}`,
      },
    ],
    [
      'a token as the password of an encrypted URL',
      { ...secretly, UPSTASH_REDIS_REST_URL: `https://default:${SECRET}@redis.example` },
    ],
    ['a token as a setting that there is not', { ...secretly, CACHE_TOKEN: SECRET }],
    ['credentials that are a token', { CREDENTIALS: SECRET }],
    ['credentials that are a token in JSON', { CREDENTIALS: JSON.stringify(SECRET) }],
    ['a list of tokens', { CREDENTIALS: [SECRET] }],
    ['a token as the digest', { CREDENTIALS: [{ ...CREDENTIAL, sha256: SECRET }] }],
    ['a token as the tenant', { CREDENTIALS: [{ ...CREDENTIAL, tenant: SECRET }] }],
    ['a token as a scope', { CREDENTIALS: [{ ...CREDENTIAL, scopes: [SECRET] }] }],
    ['a token as the id', { CREDENTIALS: [{ ...CREDENTIAL, id: SECRET, scopes: [] }] }],
    ['tokens with their scopes', { CREDENTIALS: { [SECRET]: ['purge'] } }],
    ['a list of tokens with their scopes', { CREDENTIALS: [{ [SECRET]: ['purge'] }] }],
    ['a token beside the digest', { CREDENTIALS: [{ ...CREDENTIAL, token: SECRET }] }],
    ['JSON that breaks off', { CREDENTIALS: `[{"id":"a","token":"${SECRET}` }],
    ['JSON with a token without quotes', { CREDENTIALS: `[${SECRET}]` }],
    [
      'an origin with a password',
      { TENANTS: [{ ...TENANT, origin: `https://u:${SECRET}@o.example` }] },
    ],
  ])('%s', (_what, variables) => {
    const error = errorOf(variables);
    expect(error).toBeInstanceOf(ConfigError);
    const said = `${error?.message} ${JSON.stringify(error?.problems)} ${String(error?.cause)}`;
    expect(said).not.toContain(SECRET);
  });
});
