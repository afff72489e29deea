import { describe, expect, it } from 'vitest';
import { isUnusual } from '../../../src/gateway/unusual-request.ts';

const of = (headers: Record<string, string>): boolean =>
  isUnusual({ headers: new Headers(headers) });

describe('a request that may have caused an error by its own oddity', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['no header at all', {}, false],
    [
      'what a browser sends',
      {
        accept: 'text/html,*/*;q=0.8',
        'accept-language': 'de',
        cookie: 'a=b',
        'cache-control': 'max-age=0',
        referer: 'https://acme.example/é',
        'user-agent': 'Mozilla/5.0 (X11)',
        'sec-fetch-dest': 'document',
      },
      false,
    ],
    [
      'what Cloudflare adds',
      {
        'cf-connecting-ip': '192.0.2.1',
        'cf-ray': 'a-FRA',
        'x-forwarded-for': '192.0.2.1',
        'x-forwarded-proto': 'https',
        'x-real-ip': '192.0.2.1',
      },
      false,
    ],
    ['a header that never reaches an origin', { 'x-http-method-override': 'DELETE' }, true],
    ['another one', { 'x-forwarded-host': 'evil.example' }, true],
    ['one that some servers read as another', { x_forwarded_host: 'evil.example' }, true],
    ['a value of a common size', { 'x-a': 'a'.repeat(4000) }, false],
    ['a value over 4 KiB', { 'x-a': 'a'.repeat(4096) }, true],
    ['a name and value over 4 KiB', { [`x-${'a'.repeat(2050)}`]: 'a'.repeat(2050) }, true],
    ['two of a common size', { 'x-a': 'a'.repeat(4000), 'x-b': 'a'.repeat(4000) }, false],
    [
      'more than 8 KiB in all',
      { 'x-a': 'a'.repeat(3000), 'x-b': 'a'.repeat(3000), 'x-c': 'a'.repeat(3000) },
      true,
    ],
    [
      'many that are small',
      Object.fromEntries(Array.from({ length: 800 }, (_, at) => [`x-${at}`, '1234'])),
      true,
    ],
    ['a control character', { 'x-a': 'a\u0007b' }, true],
    ['a delete character', { 'x-a': 'a\u007fb' }, true],
    ['a tab', { 'x-a': 'a\tb' }, false],
    ['obs-text', { 'x-a': 'é' }, false],
  ])('%s', (_what, headers, expected) => {
    expect(of(headers)).toBe(expected);
  });
});
