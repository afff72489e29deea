import { describe, expect, it, test } from 'vitest';
import reference from '../../../docs/reference/http-api.md?raw';
import {
  isStrippedRequestHeader,
  STRIPPED_REQUEST_HEADERS,
  STRIPPED_REQUEST_PREFIXES,
} from '../../../src/gateway/request-headers.ts';

/** What stands in backticks in the paragraph of the reference that begins with this. */
function published(beginning: string): string[] {
  const paragraph = reference.split(beginning)[1]?.split('\n\n', 1)[0];
  if (paragraph === undefined) throw new Error(`The reference has no paragraph '${beginning}'.`);
  return [...paragraph.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

describe('the reference publishes what is taken away', () => {
  test('by name', () => {
    expect(published('**Names that are taken away:**')).toEqual([...STRIPPED_REQUEST_HEADERS]);
  });

  test('by how it begins', () => {
    expect(published('**Names that begin with one of these:**')).toEqual([
      ...STRIPPED_REQUEST_PREFIXES,
    ]);
  });

  test('each once, in order', () => {
    for (const list of [STRIPPED_REQUEST_HEADERS, STRIPPED_REQUEST_PREFIXES])
      expect([...list]).toEqual([...new Set(list)].toSorted());
  });
});

describe('a header that no ordinary client sends', () => {
  // What Cloudflare's Workers Cache makes part of its key, and what else is known to poison caches.
  it.each([
    'x-http-method-override',
    'x-http-method',
    'x-method-override',
    'x-forwarded-host',
    'x-host',
    'x-forwarded-scheme',
    'x-original-url',
    'x-rewrite-url',
    'forwarded',
    'x-forwarded-prefix',
    'x-forwarded-port',
    'x-forwarded-server',
    'x-forwarded_host',
    'x-middleware-subrequest',
    'x-middleware-prefetch',
    'x-invoke-status',
    'cache-tag',
    'surrogate-key',
    'surrogate-control',
    'surrogate-capability',
    'cache-groups',
    'cache-group-invalidation',
    'x-purge-method',
    'x-purge',
    'x-ban-url',
    'xkey',
    'xkey-purge',
    'fastly-soft-purge',
    'fastly-key',
    'tiercel-debug',
    'Tiercel-Debug',
    'X-Forwarded-Host',
    'expect',
  ])('%s', (name) => {
    expect(isStrippedRequestHeader(name)).toBe(true);
  });

  // Were they counted, every request that passes Cloudflare would look odd, or every one of a browser.
  it.each([
    'cf-connecting-ip',
    'cf-ray',
    'cf-visitor',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-real-ip',
    'connection',
    'te',
    'upgrade',
    'accept',
    'accept-encoding',
    'accept-language',
    'authorization',
    'cache-control',
    'content-type',
    'cookie',
    'host',
    'if-none-match',
    'origin',
    'pragma',
    'range',
    'referer',
    'sec-fetch-mode',
    'traceparent',
    'user-agent',
    'x-csrf-token',
    'x-requested-with',
  ])('is not %s', (name) => {
    expect(isStrippedRequestHeader(name)).toBe(false);
  });
});
