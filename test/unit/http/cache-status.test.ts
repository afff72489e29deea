import * as fc from 'fast-check';
import { parseList, Token, type Item } from 'structured-headers';
import { describe, expect, it, test } from 'vitest';
import { formatCacheStatus, type CacheStatus } from '../../../src/http/cache-status.ts';

it.each<[string, CacheStatus, string]>([
  [
    'a hit (RFC 9211, 2.1)',
    { hit: true, ttl: 30, detail: 'memory' },
    'Tiercel; hit; ttl=30; detail=memory',
  ],
  ['a hit and no more', { hit: true, ttl: 30 }, 'Tiercel; hit; ttl=30'],
  [
    'a hit past its time (2.4: ttl may be negative)',
    { hit: true, ttl: -5, detail: 'redis' },
    'Tiercel; hit; ttl=-5; detail=redis',
  ],
  [
    'a hit and its key (2.7: a String)',
    { hit: true, ttl: 1, key: 'g:https:a.example:/"x"' },
    String.raw`Tiercel; hit; ttl=1; key="g:https:a.example:/\"x\""`,
  ],
  ['a miss (2.2)', { hit: false, fwd: 'uri-miss', stored: false }, 'Tiercel; fwd=uri-miss'],
  ['of another variant', { hit: false, fwd: 'vary-miss', stored: false }, 'Tiercel; fwd=vary-miss'],
  ['of a part', { hit: false, fwd: 'partial', stored: false }, 'Tiercel; fwd=partial'],
  [
    'a miss, stored (2.5)',
    { hit: false, fwd: 'uri-miss', stored: true },
    'Tiercel; fwd=uri-miss; stored',
  ],
  [
    'one that waited for another (2.6)',
    { hit: false, fwd: 'uri-miss', stored: true, collapsed: true },
    'Tiercel; fwd=uri-miss; stored; collapsed',
  ],
  [
    'one that did not',
    { hit: false, fwd: 'uri-miss', stored: true, collapsed: false },
    'Tiercel; fwd=uri-miss; stored',
  ],
  [
    'a detail (2.8: a Token)',
    { hit: false, fwd: 'miss', stored: false, detail: 'redis-unavailable' },
    'Tiercel; fwd=miss; detail=redis-unavailable',
  ],
  [
    'a detail that is no Token (2.8: a String)',
    { hit: false, fwd: 'miss', stored: false, detail: '404 of the origin' },
    'Tiercel; fwd=miss; detail="404 of the origin"',
  ],
  [
    'something stale in place of an answer (2.2, 2.3 and 2.4)',
    { hit: false, fwd: 'stale', fwdStatus: 503, stored: false, ttl: -9, detail: 'stale-if-error' },
    'Tiercel; fwd=stale; fwd-status=503; ttl=-9; detail=stale-if-error',
  ],
  [
    'everything that it may say',
    {
      hit: false,
      fwd: 'stale',
      fwdStatus: 304,
      stored: true,
      collapsed: true,
      ttl: 60,
      key: 'k',
      detail: 'validated',
    },
    'Tiercel; fwd=stale; fwd-status=304; stored; collapsed; ttl=60; key="k"; detail=validated',
  ],
  ['a bypass', { hit: false, fwd: 'bypass', stored: false }, 'Tiercel; fwd=bypass'],
])('%s', (_what, status, field) => {
  expect(formatCacheStatus(status, null)).toBe(field);
});

describe('what other caches said (RFC 9211, section 2)', () => {
  const status: CacheStatus = { hit: false, fwd: 'bypass', stored: false };

  it.each<[string, string | null, string]>([
    [
      'those nearer to the origin stand first, as they are',
      'OriginCache; hit,  "CDN Co"; fwd=miss',
      'OriginCache; hit,  "CDN Co"; fwd=miss, Tiercel; fwd=bypass',
    ],
    ['nothing', '', 'Tiercel; fwd=bypass'],
    ['none', null, 'Tiercel; fwd=bypass'],
    ['only spaces', '  ', 'Tiercel; fwd=bypass'],
    ['what is no List would spoil ours', 'HIT from 10.0.0.1', 'Tiercel; fwd=bypass'],
    ['an open String would swallow ours', 'A; detail="x', 'Tiercel; fwd=bypass'],
  ])('%s', (_what, upstream, field) => {
    expect(formatCacheStatus(status, upstream)).toBe(field);
  });
});

test('whatever is told, the field is a List whose last member is ours (RFC 9651, section 3.1)', () => {
  const text = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('a-b')), {
    nil: undefined,
  });
  const told = fc.record({ detail: text, key: text }).map(({ detail, key }) => ({
    ...(detail === undefined ? {} : { detail }),
    ...(key === undefined ? {} : { key }),
  }));
  const upstream = fc.oneof(fc.constantFrom(null, 'A; hit', 'A, B;ttl=1'), fc.string());
  fc.assert(
    fc.property(told, fc.integer(), fc.boolean(), upstream, (more, ttl, hit, others) => {
      const status: CacheStatus = hit
        ? { hit, ttl, ...more }
        : { hit, fwd: 'stale', stored: true, ttl, ...more };
      const field = formatCacheStatus(status, others);
      // A field that holds anything else can't be sent at all.
      expect(field).toMatch(/^[\x20-\x7e\t]*$/);
      const [name, parameters] = parseList(field).at(-1) as Item;
      expect(name).toEqual(new Token('Tiercel'));
      expect(parameters.get('ttl')).toBe(ttl);
      expect(parameters.has('hit')).toBe(hit);
      expect(parameters.has('fwd')).toBe(!hit);
      expect(parameters.has('key')).toBe(more.key !== undefined);
      if (more.detail === 'a-b') expect(parameters.get('detail')).toBeInstanceOf(Token);
      if (more.key !== undefined) expect(typeof parameters.get('key')).toBe('string');
    }),
  );
});
