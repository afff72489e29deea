import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { cacheOptionsFromEnv, resolveCacheOptions } from '../../../src/config/library.ts';
import { loadConfig, type Variables } from '../../../src/config/load.ts';
import { SETTING_IDS, setting, variableName } from '../../../src/config/settings.ts';
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
    ['event secrets that are a token', { EVENT_SECRETS: SECRET }],
    [
      'an event secret without its prefix',
      { EVENT_SECRETS: [{ id: 'a', tenant: 'acme', secret: SECRET }] },
    ],
    [
      'an event secret that is too short, twice',
      {
        EVENT_SECRETS: [
          { id: 'a', tenant: 'acme', secret: `whsec_${SECRET}` },
          { id: 'b', tenant: 'acme', secret: `whsec_${SECRET}` },
        ],
      },
    ],
    ['event secrets by their secret', { EVENT_SECRETS: { [SECRET]: 'acme' } }],
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

describe('whatever stands where a secret belongs', () => {
  // Long enough not to be a part of a message by chance; ids, URLs and lists are made of it as well.
  const planted = fc.stringMatching(/^[A-Za-z0-9+/=~]{12,60}$/).map((text) => `Zq9${text}`);
  const around = fc.constantFrom<(secret: string) => unknown>(
    (secret) => secret,
    (secret) => `${secret}\n`,
    (secret) => `k1:${secret}`,
    (secret) => `${secret}:k1`,
    (secret) => `k1:${secret},k1:${secret},${secret}`,
    (secret) => `https://u:${secret}@redis.example/${secret}?${secret}#${secret}`,
    (secret) => `http://redis.example/${secret}`,
    (secret) => [secret],
    (secret) => ({ [secret]: secret, id: secret, secret }),
    (secret) => [
      { id: secret, secret },
      { id: secret, secret },
    ],
    (secret) => [{ [secret]: secret }],
  );
  const secretIds = SETTING_IDS.filter((id) => setting(id).secret === true);
  const presets = fc.constantFrom('production', 'simple', 'testing', 'minimal', 'fast');

  function saidBy(act: () => unknown): string {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return `${error.message} ${JSON.stringify(error.problems)} ${String(error.cause)} ${error.stack ?? ''}`;
    }
    return '';
  }

  test('is in no message, at no door', () => {
    expect(secretIds).toEqual(['encryptionKeys', 'redisUrl', 'redisToken']);
    let told = 0;
    fc.assert(
      fc.property(
        planted,
        presets,
        fc.tuple(...secretIds.map(() => fc.option(around, { nil: undefined }))),
        (secret, preset, made) => {
          const values = made.map((make) => make?.(secret));
          const variables: Record<string, unknown> = { CACHE_PRESET: preset };
          secretIds.forEach((id, at) => {
            variables[variableName(id)] = values[at];
          });
          variables['CREDENTIALS'] = values[0];
          variables['EVENT_SECRETS'] = values[1];
          const [encryptionKeys, url, token] = values;
          const options = { preset, encryptionKeys, redis: { url, token } };
          for (const said of [
            saidBy(() => loadConfig(variables, [TENANT])),
            saidBy(() => cacheOptionsFromEnv(variables)),
            saidBy(() => resolveCacheOptions(options)),
            saidBy(() => resolveCacheOptions({ ...options, redis: url })),
          ]) {
            if (said !== '') told += 1;
            expect(said).not.toContain(secret);
            expect(said).not.toContain(secret.slice(0, 12));
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(told).toBeGreaterThan(500);
  });

  test('is in no message either when a long one stands where a plain setting belongs', () => {
    const long = 'S3cr3tValue-'.repeat(3);
    const plain = SETTING_IDS.filter((id) => !secretIds.includes(id));
    for (const id of plain)
      expect(saidBy(() => loadConfig({ [variableName(id)]: long }, [TENANT]))).not.toContain(
        'S3cr3t',
      );
  });
});
