import { describe, expect, it } from 'vitest';
import { PRODUCTION, loading } from './loading.ts';

const { load, problemsOf } = loading(PRODUCTION);

describe('Redis', () => {
  it.each([
    'https://name.upstash.io',
    'https://name.upstash.io/',
    'http://127.0.0.1:8079',
    'http://127.9.9.9',
    'http://localhost:8079',
    'http://[::1]:8079',
    'HTTPS://NAME.UPSTASH.IO',
  ])('%s is accepted: encrypted, or on this machine', (url) => {
    const { redis } = load({ UPSTASH_REDIS_REST_URL: url });
    expect(redis?.url).toBe(url.replace(/\/$/, ''));
  });

  it.each<[unknown, RegExp]>([
    [undefined, /is missing; this preset needs Redis/],
    ['', /is missing/],
    [42, /must be a URL/],
    ['name.upstash.io', /must be a URL/],
    ['http://name.upstash.io', /must begin with https:/],
    ['http://10.0.0.1', /must begin with https:/],
    ['http://localhost.evil.example', /must begin with https:/],
    ['http://127.0.0.1.evil.example', /must begin with https:/],
    ['http://127.0.0.1@evil.example', /must not hold a user name or password$/],
    ['https://default:s3cr3t@name.upstash.io', /must not hold a user name or password$/],
    ['https://default@name.upstash.io', /must not hold a user name or password$/],
    ['https://:s3cr3t@name.upstash.io', /must not hold a user name or password$/],
    ['http://default:s3cr3t@127.0.0.1:8079', /must not hold a user name or password$/],
    ['http://x.localhost', /must begin with https:/],
    ['redis://name.upstash.io', /must begin with https:/],
    ['rediss://127.0.0.1', /must begin with https:/],
  ])('%j is a problem', (url, message) => {
    const problems = problemsOf({ UPSTASH_REDIS_REST_URL: url });
    expect(problems).toEqual([expect.stringMatching(message)]);
    expect(problems[0]).toMatch(/^UPSTASH_REDIS_REST_URL: /);
  });

  const MISSING = 'is missing; it is a secret';
  const NOT_A_HEADER =
    'must be visible ASCII characters, without a space or a line break at its end';

  it.each([
    [undefined, MISSING],
    ['', MISSING],
    [' \n', NOT_A_HEADER],
    ['token\n', NOT_A_HEADER],
    ['töken', NOT_A_HEADER],
    [42, NOT_A_HEADER],
    [null, NOT_A_HEADER],
  ])('the token %j is a problem', (token, message) => {
    expect(problemsOf({ UPSTASH_REDIS_REST_TOKEN: token })).toEqual([
      `UPSTASH_REDIS_REST_TOKEN: ${message}`,
    ]);
  });
});
