import { at, cc, fixed, rows, topic, type Case, type Fields } from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
const old: Fields = [
  ['date', fixed(0)],
  ['last-modified', fixed(-100)],
];

export const lifetimes = topic('a tenant’s ttl', [
  ...rows('default', [
    [
      'of what says nothing',
      [],
      'store',
      { wait: 299, policy: { ttl: { default: '5m' } }, cacheStatus: { ttl: 1 } },
    ],
    ['is over', [], 'origin', { wait: 300, policy: { ttl: { default: '5m' } } }],
    ['in place of a guess', old, 'store', { wait: 299, policy: { ttl: { default: '5m' } } }],
    [
      'not of max-age',
      cc('max-age=10'),
      'origin',
      { wait: 10, policy: { ttl: { default: '5m' } } },
    ],
    ['not of no-store', cc('no-store'), 'origin', { policy: { ttl: { default: '5m' } } }],
    ['not of a 302', { status: 302 }, 'origin', { policy: { ttl: { default: '5m' } } }],
    [
      'not to a cookie [trap:deception]',
      [],
      'origin',
      {
        policy: { ttl: { default: '5m' } },
        request: { headers: [['cookie', 'a=b']] },
        cacheStatus: { detail: 'no-freshness' },
      },
    ],
    [
      'not of a page that is named as a style sheet [trap:deception]',
      [['content-type', 'text/html']],
      'origin',
      {
        policy: { ttl: { default: '5m' } },
        request: { path: '/x.css' },
        cacheStatus: { detail: 'type-mismatch' },
      },
    ],
    [
      'not under a path that servers read differently [trap:path-normalisation]',
      [],
      'origin',
      {
        policy: { ttl: { default: '5m' } },
        request: { path: '/..%2fme' },
        cacheStatus: { detail: 'no-freshness' },
      },
    ],
    [
      'which is told what to do by freshness under such a path',
      cc('max-age=9'),
      'store',
      { policy: { ttl: { default: '5m' } }, request: { path: '/..%2fme' } },
    ],
    [
      'of the rule that the path fits',
      [],
      'origin',
      {
        wait: 10,
        policy: { ttl: { default: '5m' }, paths: [{ path: '/*/short', ttl: { default: '10s' } }] },
        request: { path: '/short' },
      },
    ],
  ]),
  ...rows('bounds', [
    ['min', cc('max-age=1'), 'store', { wait: 59, policy: { ttl: { min: '1m' } } }],
    ['min is over', cc('max-age=1'), 'origin', { wait: 60, policy: { ttl: { min: '1m' } } }],
    ['min of nothing', cc('max-age=0'), 'origin', { policy: { ttl: { min: '1m' } } }],
    [
      'min of what comes stale',
      cc('max-age=60', ['age', '130']),
      'origin',
      { policy: { ttl: { min: '9m' } } },
    ],
    ['max', cc('max-age=3600'), 'store', { wait: 59, policy: { ttl: { max: '1m' } } }],
    ['max is over', cc('max-age=3600'), 'origin', { wait: 60, policy: { ttl: { max: '1m' } } }],
    [
      'max of Expires',
      [['expires', at(3600)]],
      'origin',
      { wait: 60, policy: { ttl: { max: '1m' } } },
    ],
    [
      'max of a targeted field',
      [['cdn-cache-control', 'max-age=3600']],
      'origin',
      { wait: 60, policy: { ttl: { max: '1m' } } },
    ],
  ]),
  {
    section: 'bounds',
    name: 'max counts for what a 304 says',
    policy: { ttl: { max: '1m' } },
    steps: [
      { origin: { headers: cc('max-age=10', ...tag), notModified: cc('max-age=3600', ...tag) } },
      { wait: 10, expect: { from: 'validated' } },
      { wait: 59, expect: { from: 'store', cacheStatus: { ttl: 1 } } },
      { wait: 1, expect: { from: 'validated' } },
    ],
  },
  {
    section: 'default',
    name: 'of what a 304 does not say',
    policy: { ttl: { default: '1m' } },
    steps: [
      { origin: { headers: tag, notModified: tag } },
      { wait: 60, expect: { from: 'validated' } },
      { wait: 59, expect: { from: 'store' } },
    ],
  },
]);

const negative = { negativeTtl: { '404': '30s', '503': '5s' } };

export const errors = topic('a tenant’s times for errors', [
  ...rows('negativeTtl', [
    ['a 404', { status: 404 }, 'store', { wait: 29, policy: negative }],
    ['a 404 is over', { status: 404 }, 'origin', { wait: 30, policy: negative }],
    [
      'a 404 that says more',
      { status: 404, headers: cc('max-age=60') },
      'store',
      { wait: 59, policy: negative },
    ],
    ['a 503', { status: 503 }, 'store', { wait: 4, policy: negative }],
    ['a status without a time', { status: 502 }, 'origin', { policy: negative }],
    [
      'none: a 404 that a guess would keep',
      { status: 404, headers: old },
      'origin',
      { policy: { negativeTtl: { '404': 0 } } },
    ],
  ]),
  {
    section: 'negativeTtl',
    name: 'a 503 to a request with what no ordinary client sends is for that client [trap:cpdos]',
    policy: negative,
    steps: [
      {
        request: { headers: [['x-made-up', '1']] },
        origin: [{ to: 'x-made-up', status: 503 }, { headers: cc('max-age=60') }],
        expect: {
          status: 503,
          body: 'the answer of step 1',
          cacheStatus: { detail: 'unusual-request' },
        },
      },
      { expect: { status: 200 } },
      { request: { headers: [['x-made-up', '1']] }, expect: { from: 'store', of: 2, status: 200 } },
    ],
  } satisfies Case,
  {
    section: 'negativeTtl',
    name: 'what is stored and may be served goes before a 503',
    policy: { ...negative, stale: { ifError: '1m' } },
    steps: [
      { origin: { headers: cc('max-age=10') } },
      { wait: 20, origin: { status: 503 }, expect: { from: 'instead', of: 1 } },
    ],
  },
]);
