import { expect, it, test } from 'vitest';
import { formatCacheStatus, type CacheStatus } from '../../../src/http/cache-status.ts';

it.each<[string, CacheStatus, string]>([
  ['a hit', { hit: true, ttl: 30, detail: 'memory' }, 'Tiercel; hit; ttl=30; detail=memory'],
  [
    'a hit past its time (RFC 9211, section 2.4: ttl may be negative)',
    { hit: true, ttl: -5, detail: 'redis' },
    'Tiercel; hit; ttl=-5; detail=redis',
  ],
  ['a miss', { hit: false, fwd: 'uri-miss', stored: false }, 'Tiercel; fwd=uri-miss'],
  [
    'a miss, stored',
    { hit: false, fwd: 'uri-miss', stored: true },
    'Tiercel; fwd=uri-miss; stored',
  ],
  [
    'everything that it may say',
    { hit: false, fwd: 'stale', stored: true, detail: 'purged' },
    'Tiercel; fwd=stale; stored; detail=purged',
  ],
  [
    'a detail',
    { hit: false, fwd: 'miss', stored: false, detail: 'redis-unavailable' },
    'Tiercel; fwd=miss; detail=redis-unavailable',
  ],
  [
    'something stale in place of an answer (RFC 9211, sections 2.2, 2.3 and 2.4)',
    { hit: false, fwd: 'stale', fwdStatus: 503, stored: false, ttl: -9, detail: 'stale-if-error' },
    'Tiercel; fwd=stale; fwd-status=503; ttl=-9; detail=stale-if-error',
  ],
  ['a bypass', { hit: false, fwd: 'bypass', stored: false }, 'Tiercel; fwd=bypass'],
])('%s', (_what, status, field) => {
  expect(formatCacheStatus(status, null)).toBe(field);
});

test('caches nearer to the origin stand first (RFC 9211, section 2)', () => {
  const status: CacheStatus = { hit: false, fwd: 'bypass', stored: false };
  expect(formatCacheStatus(status, 'OriginCache; hit, Other; fwd=miss')).toBe(
    'OriginCache; hit, Other; fwd=miss, Tiercel; fwd=bypass',
  );
  expect(formatCacheStatus(status, '')).toBe('Tiercel; fwd=bypass');
});
