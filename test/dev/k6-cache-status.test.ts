import { describe, expect, it } from 'vitest';
import { parseCacheStatus } from '../../k6/lib/cache-status.js';

describe('parseCacheStatus', () => {
  it.each([
    ['Tiercel; hit; detail=memory', { hit: true, fwd: null, stored: false, tier: 'memory' }],
    ['Tiercel; hit; ttl=59; detail=redis', { hit: true, detail: 'redis', tier: 'redis' }],
    ['Tiercel;hit', { hit: true, detail: null, tier: 'hit' }],
    [
      'Tiercel; fwd=uri-miss; stored',
      { hit: false, fwd: 'uri-miss', stored: true, tier: 'origin' },
    ],
    ['Tiercel; fwd=bypass; detail="redis; down, really"', { detail: 'redis; down, really' }],
    ['Tiercel; fwd=stale; detail="say \\"hi\\""', { detail: 'say "hi"' }],
    ['"Tiercel"; hit; detail=regional', { tier: 'regional' }],
    // Members run from the origin to the client: another cache in front or behind, and the last pass counts.
    ['Varnish; hit, Tiercel; fwd=uri-miss', { hit: false, fwd: 'uri-miss' }],
    ['Tiercel; hit; detail=memory, CDN; fwd=miss', { hit: true, tier: 'memory' }],
    ['Tiercel; fwd=uri-miss, Tiercel; hit; detail=memory', { hit: true }],
  ])('%s', (field, expected) => {
    expect(parseCacheStatus(field)).toMatchObject(expected);
  });

  it.each([undefined, '', 'Varnish; hit', 'Tiercel-2; hit'])('nothing of ours in %s', (field) => {
    expect(parseCacheStatus(field)).toBeNull();
  });
});
