import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { echoedIds, isExchangeId } from '../../../src/gateway/echoed-ids.ts';
import { judgeStorability } from '../../../src/gateway/storability.ts';
import { freshened } from '../../../src/gateway/validation.ts';
import { DEFAULT_CACHE_POLICY } from '../../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const ID = '4bf92f3577b34da6';

const IDS = [
  'b3',
  'baggage',
  'client-request-id',
  'correlation-id',
  'correlationid',
  'request-id',
  'traceparent',
  'tracestate',
  'uber-trace-id',
  'x-amzn-requestid',
  'x-amzn-trace-id',
  'x-b3-parentspanid',
  'x-b3-traceid',
  'x-cloud-trace-context',
  'x-correlation-id',
  'x-datadog-trace-id',
  'x-ms-client-request-id',
  'x-request-id',
  'x-transaction-id',
  'x-vcap-request-id',
];

/** Whoever takes one of these away, by guessing what it says, changes what the response is. */
const NO_IDS = [
  'accept-ch',
  'access-control-allow-origin',
  'age',
  'cache-control',
  'cdn-cache-control',
  'clear-site-data',
  'content-encoding',
  'content-security-policy',
  'content-type',
  'cross-origin-opener-policy',
  'etag',
  'expires',
  'link',
  'location',
  'permissions-policy',
  'referrer-policy',
  'refresh',
  'set-cookie',
  'strict-transport-security',
  'vary',
  'www-authenticate',
  'x-accel-expires',
  'x-content-type-options',
  'x-csrf-token',
  'x-frame-options',
  'x-inertia-location',
  'x-permitted-cross-domain-policies',
  'x-redirect',
  'x-request-identity',
  'x-robots-tag',
  'x-session-id',
  'x-total-count',
  'x-user-id',
  'x-valid',
  'x-xss-protection',
];

describe('an id of one exchange', () => {
  test.each(IDS)('is %s', (name) => {
    expect(isExchangeId(name)).toBe(true);
    const both = new Headers({ [name]: ID });
    expect(echoedIds(both, both, [])).toEqual([name]);
  });

  test.each(NO_IDS)('is not %s', (name) => {
    const both = new Headers({ [name]: ID });
    expect(echoedIds(both, both, [])).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['with more behind it', ID, `${ID}-1`],
    ['with less of it', ID, ID.slice(1)],
    ['in other letters', ID, ID.toUpperCase()],
    ['twice', ID, `${ID}, ${ID}`],
    ['in markup', ID, `<b>${ID}</b>`],
    ['that is another', ID, 'of-the-origin'],
  ])('%s is none that is left out', (_, asked, answered) => {
    const name = 'x-request-id';
    expect(
      echoedIds(new Headers({ [name]: asked }), new Headers({ [name]: answered }), []),
    ).toEqual([]);
  });

  test('under another name is none that is left out', () => {
    const asked = new Headers({ 'x-request-id': ID });
    expect(echoedIds(asked, new Headers({ 'x-correlation-id': ID }), [])).toEqual([]);
    expect(echoedIds(asked, new Headers({ 'x-said': ID }), [])).toEqual([]);
  });

  test('by which the response varies is stored', () => {
    const both = new Headers({ 'x-request-id': ID, traceparent: ID });
    expect(echoedIds(both, both, ['x-request-id'])).toEqual(['traceparent']);
  });

  test('is all that a request can take away from what is stored', () => {
    const names = fc.constantFrom(...IDS, ...NO_IDS);
    const values = fc.constantFrom(ID, 'DENY', '1', 'max-age=60');
    const fields = fc.dictionary(names, values);
    fc.assert(
      fc.property(fields, fields, (asked, answered) => {
        const request = new Headers(asked);
        const response = new Headers(answered);
        const left = echoedIds(request, response, []);
        expect(left.filter((name) => !IDS.includes(name))).toEqual([]);
        expect(left.every((name) => request.get(name) === response.get(name))).toBe(true);
      }),
    );
  });
});

describe('what is stored of a response that repeats one', () => {
  const request = { method: 'GET', url: 'https://acme.example/a' };
  const asked = { ...request, headers: new Headers({ 'x-request-id': ID }) };

  test('is all the rest, each field named once', () => {
    const headers = new Headers({
      'cache-control': 'max-age=60, no-cache="x-request-id"',
      'x-request-id': ID,
    });
    expect(
      judgeStorability(asked, { status: 200, headers }, NOW, DEFAULT_CACHE_POLICY),
    ).toMatchObject({ storable: true, lifetime: 60, withheld: ['x-request-id'] });
  });

  test('is all the rest of a 304', () => {
    const form = {
      type: 'http',
      status: 200,
      headers: [
        ['cache-control', 'max-age=60'],
        ['etag', '"a"'],
        ['x-request-id', 'of-the-origin'],
      ],
    } as const;
    const times = { createdAt: NOW, freshUntil: NOW, staleUntil: NOW, staleIfErrorUntil: NOW };
    const ends = { expiresAt: NOW, lifeUntil: NOW, tags: [], loadMs: 1 };
    const entry = { value: new Uint8Array(1), form, etag: '"a"', ...times, ...ends };
    const headers = new Headers({ etag: '"a"', 'x-request-id': ID, 'x-other': '1' });
    const made = freshened(
      entry,
      { status: 304, headers },
      {
        request: asked,
        policy: DEFAULT_CACHE_POLICY,
        requestedAt: NOW,
        respondedAt: NOW,
        now: NOW,
        maxLifetimeMs: 60_000,
      },
    );
    if (made === 'mismatch' || 'storable' in made || made.form.type !== 'http')
      throw new Error(JSON.stringify(made));
    const names = made.form.headers.map(([name]) => name);
    expect(names).toContain('x-other');
    expect(names).not.toContain('x-request-id');
  });
});
