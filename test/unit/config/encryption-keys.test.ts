import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Keyring } from '../../../src/codec/encryption.ts';
import { resolveCacheOptions } from '../../../src/config/library.ts';
import { OTHER_SECRET, PRODUCTION, SECRET, loading } from './loading.ts';

const { load, problemsOf } = loading(PRODUCTION);
const variable = (value: unknown) => ({ CACHE_ENCRYPTION_KEYS: value });

const ID = 'CACHE_ENCRYPTION_KEYS[0].id: must be 1 to 32 characters of a-z, 0-9, _ and -';
const SHORT =
  'CACHE_ENCRYPTION_KEYS[0].secret: must be 32 random bytes in base64: 44 characters, without a space or a line break';
const FORM =
  'CACHE_ENCRYPTION_KEYS: must be id:base64 of 32 random bytes, several of them with a comma between and the one that encrypts first, or off';

describe('CACHE_ENCRYPTION_KEYS', () => {
  test('are read in order: the first encrypts', () => {
    const { encryptionKeys } = load(variable(`new_2:${OTHER_SECRET},old-1:${SECRET}`));
    expect(encryptionKeys.map(({ id }) => id)).toEqual(['new_2', 'old-1']);
    expect(encryptionKeys[0]?.secret).toEqual(new Uint8Array(32).fill(255));
    expect(Keyring.from(encryptionKeys).currentId).toBe('new_2');
  });

  test('any 32 bytes come through as they are, and make a keyring', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.stringMatching(/^[a-z0-9_-]{1,32}$/),
        (secret, id) => {
          const text = `${id}:${btoa(String.fromCharCode(...secret))}`;
          const keys = load(variable(text)).encryptionKeys;
          expect(keys).toEqual([{ id, secret }]);
          Keyring.from(keys);
        },
      ),
    );
  });

  it.each<[string, unknown, readonly string[]]>([
    ['nothing', '', [FORM]],
    ['no text', 42, [FORM]],
    [
      'a switch of the wrong word',
      'none',
      [
        "CACHE_ENCRYPTION_KEYS[0]: must be an id and a secret: { id, secret }, as a variable 'id:base64'",
      ],
    ],
    [
      'no id',
      `:${SECRET}`,
      [
        'CACHE_ENCRYPTION_KEYS[0].id: is missing; it must be 1 to 32 characters of a-z, 0-9, _ and -',
      ],
    ],
    ['an id in capitals', `K1:${SECRET}`, [ID]],
    ['an id that is too long', `${'x'.repeat(33)}:${SECRET}`, [ID]],
    [
      'no secret',
      'k1:',
      ['CACHE_ENCRYPTION_KEYS[0].secret: is missing; `openssl rand -base64 32` makes one'],
    ],
    ['16 bytes', 'k1:AAECAwQFBgcICQoLDA0ODw==', [SHORT]],
    ['33 bytes', `k1:${'A'.repeat(44)}`, [SHORT]],
    ['31 bytes', `k1:${'A'.repeat(42)}==`, [SHORT]],
    ['hexadecimal', `k1:${'0'.repeat(64)}`, [SHORT]],
    ['base64url', `k1:${'_'.repeat(43)}=`, [SHORT]],
    ['a line break at the end', `k1:${SECRET}\n`, [SHORT]],
    ['no padding', `k1:${SECRET.slice(0, -1)}`, [SHORT]],
    [
      'one id twice',
      `k1:${SECRET},k1:${OTHER_SECRET}`,
      ['CACHE_ENCRYPTION_KEYS[1].id: is used twice'],
    ],
    [
      'a comma at the end',
      `k1:${SECRET},`,
      [
        "CACHE_ENCRYPTION_KEYS[1]: must be an id and a secret: { id, secret }, as a variable 'id:base64'",
      ],
    ],
    ['id and secret mixed up', `${SECRET}:k1`, [ID, SHORT]],
  ])('%s is a problem', (_what, value, problems) => {
    expect(problemsOf(variable(value))).toEqual(problems);
  });

  it.each(['production', 'ai-production'])('have to be set, or off on purpose: %s', (preset) => {
    expect(problemsOf({ CACHE_PRESET: preset, ...variable(undefined) })).toEqual([
      'CACHE_ENCRYPTION_KEYS: is missing; this preset encrypts what it stores: `id:` and what `openssl rand -base64 32` makes, or off to store in clear on purpose',
    ]);
    expect(load({ CACHE_PRESET: preset, ...variable('off') }).encryptionKeys).toEqual([]);
  });

  it.each(['simple', 'development', 'testing', 'staging', 'ai-development'])(
    'may be left out: %s',
    (preset) => {
      expect(load({ CACHE_PRESET: preset, ...variable(undefined) }).encryptionKeys).toEqual([]);
      expect(load({ CACHE_PRESET: preset }).encryptionKeys).toHaveLength(1);
    },
  );

  test('may be left out where nothing leaves the isolate', () => {
    expect(problemsOf({ CACHE_REDIS: 'off', ...variable(undefined) })).toEqual([]);
  });

  test('are missed beside what is wrong with Redis', () => {
    const problems = problemsOf({ ...variable(undefined), UPSTASH_REDIS_REST_URL: 'x' });
    expect(problems).toHaveLength(2);
  });
});

describe('the option encryptionKeys', () => {
  const resolve = (encryptionKeys: unknown) =>
    resolveCacheOptions({ preset: 'simple', redis: false, encryptionKeys }).encryptionKeys;
  const bytes = new Uint8Array(32).fill(7);

  test('takes bytes or base64, and keeps a copy of bytes', () => {
    const secret = new Uint8Array(bytes);
    const keys = resolve([
      { id: 'a', secret },
      { id: 'b', secret: SECRET },
    ]);
    secret.fill(0);
    expect(keys[0]?.secret).toEqual(bytes);
    expect(keys[1]?.secret).toHaveLength(32);
    expect(resolve(false)).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['no list', 'off', /encryptionKeys: must be a list of \{ id, secret \}, or false$/],
    ['an empty list', [], /encryptionKeys: must hold at least one key$/],
    ['31 bytes', [{ id: 'a', secret: bytes.slice(1) }], /encryptionKeys\[0\]\.secret: must be 32/],
    ['no secret', [{ id: 'a' }], /encryptionKeys\[0\]\.secret: is missing; `openssl/],
    ['no id', [{ secret: bytes }], /encryptionKeys\[0\]\.id: is missing; it must be 1 to 32/],
    ['an item that is nothing', [null], /encryptionKeys\[0\]: must be an id and a secret/],
    [
      'an id twice',
      [
        { id: 'a', secret: bytes },
        { id: 'a', secret: bytes },
      ],
      /encryptionKeys\[1\]\.id: is used twice/,
    ],
  ])('%s is a problem', (_what, value, message) => {
    expect(() => resolve(value)).toThrow(message);
  });
});
