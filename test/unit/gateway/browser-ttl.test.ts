import { describe, expect, it, test } from 'vitest';
import { setBrowserTtl } from '../../../src/gateway/browser-ttl.ts';
import type { TtlPolicy } from '../../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const date = (ms: number): string => new Date(ms).toUTCString();
const EXPIRES = { expires: date(NOW + 90_000), date: date(NOW) };

function told(
  fields: Record<string, string>,
  bounds: Partial<TtlPolicy>,
  status = 200,
): { changed: boolean; control: string | null; expires: string | null } {
  const headers = new Headers(fields);
  const policy = { default: undefined, min: 0, max: Infinity, ...bounds };
  const changed = setBrowserTtl(headers, status, NOW, policy);
  return { changed, control: headers.get('cache-control'), expires: headers.get('expires') };
}

describe('clients are told another time', () => {
  it.each<[string, Record<string, string>, Partial<TtlPolicy>, string]>([
    ['less', { 'cache-control': 'max-age=600' }, { max: 60 }, 'max-age=60'],
    ['more', { 'cache-control': 'max-age=6' }, { min: 60 }, 'max-age=60'],
    ['none', { 'cache-control': 'max-age=6' }, { max: 0 }, 'max-age=0'],
    ['what is not said', {}, { default: 5 }, 'max-age=5'],
    [
      'what is not said of them',
      { 'cache-control': 's-maxage=9' },
      { default: 5 },
      'max-age=5, s-maxage=9',
    ],
    ['in place of Expires', EXPIRES, { max: 60 }, 'max-age=60'],
    [
      'and everything else as it was',
      { 'cache-control': 'public,  MAX-AGE="600", x="a, max-age=1", immutable, max-age=1' },
      { max: 60 },
      'max-age=60, public, x="a, max-age=1", immutable',
    ],
    [
      'with fields that are named',
      { 'cache-control': 'max-age=9, private="x"' },
      { max: 6 },
      'max-age=6, private="x"',
    ],
  ])('%s', (_what, fields, bounds, control) => {
    expect(told(fields, bounds)).toEqual({ changed: true, control, expires: null });
  });

  it.each<[string, Record<string, string>, Partial<TtlPolicy>]>([
    ['no-store', { 'cache-control': 'no-store, max-age=600' }, { max: 60 }],
    ['private', { 'cache-control': 'private, max-age=6' }, { min: 60 }],
    ['no-cache', { 'cache-control': 'max-age=6, no-cache' }, { min: 60 }],
    ['max-age=0', { 'cache-control': 'max-age=0' }, { min: 60, default: 60 }],
    ['an invalid max-age', { 'cache-control': 'max-age=x' }, { min: 60 }],
    ['Expires of the past', { expires: '0' }, { min: 60, default: 60 }],
    ['what lies within', { 'cache-control': 'max-age=60' }, { min: 6, max: 600 }],
    ['Expires that lies within', EXPIRES, { max: 90 }],
    ['Pragma of an old origin', { pragma: 'no-cache' }, { default: 60 }],
    ['nothing to tell', {}, { min: 6, max: 60 }],
  ])('but not instead of %s', (_what, fields, bounds) => {
    const { changed, control, expires } = told(fields, bounds);
    expect(changed).toBe(false);
    expect([control, expires]).toEqual([
      fields['cache-control'] ?? null,
      fields['expires'] ?? null,
    ]);
  });

  test('of an error only less', () => {
    const fields = { 'cache-control': 'max-age=6' };
    expect(told(fields, { min: 60 }, 404).changed).toBe(false);
    expect(told({}, { default: 60 }, 404).changed).toBe(false);
    expect(told({}, { default: 60 }, 302).changed).toBe(false);
    expect(told(fields, { max: 1 }, 503).control).toBe('max-age=1');
    expect(told({}, { default: 60 }, 206).control).toBe('max-age=60');
  });
});
