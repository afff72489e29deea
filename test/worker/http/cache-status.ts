import { cc, rows, topic, type Expected, type Fields, type Step } from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
const fresh = { headers: cc('max-age=60', ...tag) };
const whole = '0123456789';
const status = (
  cacheStatus: NonNullable<Expected['cacheStatus']>,
  more: Expected = {},
): Pick<Step, 'expect'> => ({
  expect: { ...more, cacheStatus },
});
const debug = { headers: [['tiercel-debug', ({ token }) => token]] as Fields };

export const hits = topic('Cache-Status of hits', [
  ...rows('RFC 9211 2.4', [
    ['ttl is what is left', fresh, 'store', { wait: 20, cacheStatus: { ttl: 40, stored: null } }],
    [
      'ttl counts from the age that came',
      cc('max-age=60', ['age', '10']),
      'store',
      { wait: 5, cacheStatus: { ttl: 45 } },
    ],

    [
      'ttl is negative of what is stale',
      cc('max-age=10, stale-while-revalidate=60'),
      'store',
      { wait: 20, asked: 1, cacheStatus: { ttl: -10 } },
    ],
  ]),
  {
    section: 'RFC 9211 2.1',
    name: 'a 304 and a 206 out of the store are hits',
    steps: [
      { origin: { ...fresh, body: whole } },
      {
        request: { headers: [['if-none-match', '"v1"']] },
        ...status({ hit: true }, { from: 'store', status: 304 }),
      },
      {
        request: { headers: [['range', 'bytes=0-1']] },
        ...status({ hit: true }, { from: 'store', status: 206, body: '01' }),
      },
    ],
  },
]);

export const reasons = topic('Cache-Status of what went forward', [
  {
    section: 'RFC 9211 2.2, 2.5',
    name: 'uri-miss, and stored',
    steps: [{ origin: fresh, ...status({ fwd: 'uri-miss', stored: true, 'fwd-status': null }) }],
  },
  {
    section: 'RFC 9211 2.5',
    name: 'not stored',
    steps: [{ origin: { headers: cc('no-store') }, ...status({ fwd: 'uri-miss', stored: null }) }],
  },
  {
    section: 'RFC 9211 2.2',
    name: 'vary-miss',
    steps: [
      {
        request: { headers: [['foo', '1']] },
        origin: { headers: cc('max-age=60', ['vary', 'Foo']) },
      },
      { request: { headers: [['foo', '2']] }, ...status({ fwd: 'vary-miss', stored: true }) },
    ],
  },
  {
    section: 'RFC 9211 2.2',
    name: 'stale',
    steps: [
      { origin: { headers: cc('max-age=10') } },
      { wait: 11, ...status({ fwd: 'stale', stored: true, 'fwd-status': null }) },
    ],
  },
  {
    section: 'RFC 9211 2.3',
    name: 'stale, and what the validation was answered with',
    steps: [
      { origin: { ...fresh, notModified: fresh.headers } },
      { wait: 61, ...status({ fwd: 'stale', 'fwd-status': 304 }, { from: 'validated' }) },
    ],
  },
  {
    section: 'RFC 9211 2.3',
    name: 'stale, in place of an error of the origin',
    steps: [
      { origin: { headers: cc('max-age=10, stale-if-error=60') } },
      {
        wait: 20,
        origin: { status: 503 },
        ...status({ fwd: 'stale', 'fwd-status': 503, ttl: -10, stored: null }, { from: 'instead' }),
      },
    ],
  },
  {
    section: 'RFC 9211 2.2',
    name: 'a miss after a purge',
    steps: [
      { origin: fresh },
      { purge: 'hard', ...status({ fwd: /^(uri-)?miss$/, stored: true }) },
    ],
  },
  ...['POST', 'OPTIONS'].map((method) => ({
    section: 'RFC 9211 2.2',
    name: `method: ${method}`,
    steps: [{ request: { method }, ...status({ fwd: 'method', stored: null }) }],
  })),
  {
    section: 'RFC 9211 2.2',
    name: 'bypass: what is not for a cache',
    steps: [
      { origin: fresh },
      { request: { headers: [['if-match', '"v1"']] }, ...status({ fwd: 'bypass', stored: null }) },
    ],
  },
  {
    section: 'RFC 9211 2.2',
    name: 'request: the client wanted it so',
    policy: { requestDirectives: 'honour' },
    steps: [
      { origin: fresh },
      {
        wait: 1,
        request: { headers: [['cache-control', 'no-cache']] },
        origin: { headers: cc('max-age=60') },
        ...status({ fwd: 'request', stored: true }),
      },
    ],
  },
  {
    section: 'RFC 9211 2.2',
    name: 'partial: only a part of it is there',
    steps: [
      {
        request: { headers: [['range', 'bytes=0-4']] },
        origin: {
          status: 206,
          headers: cc('max-age=60', ...tag, ['content-range', 'bytes 0-4/10']),
          body: '01234',
        },
        ...status({ fwd: 'uri-miss', stored: true }),
      },
      {
        request: { headers: [['range', 'bytes=5-9']] },
        origin: {
          status: 206,
          headers: cc('max-age=60', ...tag, ['content-range', 'bytes 5-9/10']),
          body: '56789',
        },
        ...status({ fwd: 'partial' }),
      },
    ],
  },
]);

export const members = topic('Cache-Status as a list', [
  {
    section: 'RFC 9211 2',
    name: 'what a cache nearer to the origin says stays, before ours',
    steps: [
      {
        origin: { headers: cc('max-age=60', ['cache-status', '"A, B"; hit; ttl=5, Other']) },
        expect: {
          headers: { 'cache-status': /^"A, B"; hit; ttl=5, Other, Tiercel; fwd=uri-miss/ },
        },
      },
      { expect: { from: 'store', headers: { 'cache-status': /^Tiercel; hit/ } } },
    ],
  },
  {
    section: 'RFC 9211 2',
    name: 'what is no list is left out, so that ours can be read',
    steps: [
      {
        origin: { headers: cc('no-store', ['cache-status', '"A']) },
        expect: { headers: { 'cache-status': /^Tiercel; fwd=uri-miss/ } },
      },
    ],
  },
  {
    section: 'RFC 9211 2',
    name: 'an answer that was made here has none',
    steps: [
      {
        request: { headers: [['cache-control', 'only-if-cached']] },
        expect: { from: 'gateway', status: 504, headers: { 'cache-status': null } },
      },
      {
        request: {},
        origin: { drop: true },
        expect: { from: 'gateway', status: 502, asked: 1, headers: { 'cache-status': null } },
      },
    ],
  },
  {
    section: 'RFC 9211 2.7, 6',
    name: 'the key is told to those who may inspect, on a miss and on a hit [trap:leaks]',
    steps: [
      {
        request: debug,
        origin: fresh,
        ...status({ key: /case-/ }, { sent: { 'tiercel-debug': null } }),
      },
      { request: debug, ...status({ key: /case-/ }, { from: 'store' }) },
      { request: {}, ...status({ key: null }, { from: 'store' }) },
    ],
  },
  {
    section: 'RFC 9211 6',
    name: 'and to nobody else [trap:leaks]',
    steps: [
      {
        request: { headers: [['tiercel-debug', 'guess']] },
        origin: fresh,
        ...status({ key: null }, { sent: { 'tiercel-debug': null } }),
      },
      {
        request: { headers: [['tiercel-debug', '1']] },
        ...status({ key: null }, { from: 'store' }),
      },
    ],
  },
]);
