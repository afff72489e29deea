import {
  cc,
  rows,
  topic,
  type Case,
  type Expected,
  type Field,
  type Fields,
} from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
const honour = { requestDirectives: 'honour' };
const say = (value: string): Field => ['cache-control', value];

interface Asked {
  readonly stored?: Fields;
  readonly wait?: number;
  readonly expect?: Expected;
  readonly policy?: Readonly<Record<string, unknown>>;
}

/** Something is stored; then it is asked for with these fields. */
const asked = (
  section: string,
  name: string,
  fields: Fields,
  from: Expected['from'],
  { stored = cc('max-age=100'), wait = 0, expect = {}, policy = honour }: Asked = {},
): Case => ({
  section,
  name,
  policy,
  steps: [
    { origin: { headers: stored, notModified: stored } },
    { wait, request: { headers: fields }, expect: { ...expect, ...(from ? { from } : {}) } },
  ],
});
const byRequest = { expect: { cacheStatus: { fwd: 'request' } } };

export const honoured = topic(
  'request directives, where the tenant honours them [trap:request-directives]',
  [
    asked('RFC 9111 5.2.1.1', 'max-age=0', [say('max-age=0')], 'origin', { wait: 1, ...byRequest }),
    asked('RFC 9111 5.2.1.1', 'max-age below the age', [say('max-age=10')], 'origin', {
      wait: 11,
      ...byRequest,
    }),
    asked('RFC 9111 5.2.1.1', 'max-age above the age', [say('max-age=10')], 'store', { wait: 9 }),
    asked('RFC 9111 5.2.1.1', 'max-age below an age that came', [say('max-age=10')], 'origin', {
      stored: cc('max-age=100', ['age', '50']),
      ...byRequest,
    }),
    asked('RFC 9111 5.2.1.1', 'max-age=0 with a tag: validated', [say('max-age=0')], 'validated', {
      stored: cc('max-age=100', ...tag),
      wait: 1,
    }),
    asked('RFC 9111 5.2.1.3', 'min-fresh that is there', [say('min-fresh=50')], 'store', {
      wait: 49,
    }),
    asked('RFC 9111 5.2.1.3', 'min-fresh that is not', [say('min-fresh=50')], 'origin', {
      wait: 51,
      ...byRequest,
    }),
    asked(
      'RFC 9111 5.2.1.3',
      'min-fresh beyond the lifetime',
      [say('min-fresh=101')],
      'origin',
      byRequest,
    ),
    asked('RFC 9111 5.2.1.3', 'min-fresh and an age that came', [say('min-fresh=50')], 'origin', {
      stored: cc('max-age=100', ['age', '60']),
    }),
    asked('RFC 9111 5.2.1.4', 'no-cache', [say('no-cache')], 'origin', byRequest),
    asked('RFC 9111 5.2.1.4', 'No-Cache', [say('No-Cache')], 'origin'),
    asked('RFC 9111 5.2.1.4', 'no-cache with a tag: validated', [say('no-cache')], 'validated', {
      stored: cc('max-age=100', ...tag),
      expect: { sent: { 'if-none-match': '"v1"' } },
    }),
    asked('RFC 9111 5.4', 'Pragma: no-cache', [['pragma', 'no-cache']], 'origin'),
    asked('RFC 9111 5.4', 'Pragma: something else', [['pragma', 'x-other']], 'store'),
    asked(
      'RFC 9111 5.4',
      'Pragma beside Cache-Control means nothing',
      [['pragma', 'no-cache'], say('max-age=50')],
      'store',
    ),
    asked('RFC 9111 5.2', 'an unknown directive', [say('nothing-known')], 'store'),
    asked('RFC 9111 5.2.1.2', 'max-stale that is enough', [say('max-stale=50')], 'store', {
      stored: cc('max-age=10'),
      wait: 50,
      expect: { asked: 1, headers: { age: '50' }, cacheStatus: { ttl: -40 } },
    }),
    asked('RFC 9111 5.2.1.2', 'max-stale that is not', [say('max-stale=10')], 'origin', {
      stored: cc('max-age=10'),
      wait: 21,
    }),
    asked('RFC 9111 5.2.1.2', 'max-stale without a limit', [say('max-stale')], 'store', {
      stored: cc('max-age=10'),
      wait: 50,
      expect: { asked: 1 },
    }),
    ...['must-revalidate', 'proxy-revalidate', 's-maxage=10', 'no-cache'].map((directive) =>
      asked('RFC 9111 4.2.4', `max-stale against ${directive}`, [say('max-stale=50')], 'origin', {
        stored: cc(`max-age=10, ${directive}`),
        wait: 11,
      }),
    ),
  ],
);

export const ignored = topic(
  'request directives, where the tenant ignores them [trap:request-directives] [trap:cache-busting]',
  [
    ...['max-age=0', 'max-age=10', 'min-fresh=500', 'no-cache'].map((value) =>
      asked(
        'RFC 9111 5.2.1',
        `${value} does not reach the origin for everybody`,
        [say(value)],
        'store',
        {
          wait: 20,
          policy: {},
        },
      ),
    ),
    asked('RFC 9111 5.4', 'Pragma: no-cache', [['pragma', 'no-cache']], 'store', { policy: {} }),
    asked('RFC 9111 5.2.1.2', 'max-stale', [say('max-stale=50')], 'origin', {
      stored: cc('max-age=10'),
      wait: 11,
      policy: {},
    }),
  ],
);

const cached = { headers: [say('only-if-cached')] };

export const always = topic('request directives, always [trap:request-directives]', [
  ...[{}, honour].flatMap((policy): readonly Case[] => {
    const where = 'requestDirectives' in policy ? ' (honoured)' : '';
    return [
      {
        section: 'RFC 9111 5.2.1.7',
        name: `only-if-cached with nothing stored${where}`,
        policy,
        steps: [{ request: cached, expect: { from: 'gateway', status: 504 } }],
      },
      asked(
        'RFC 9111 5.2.1.7',
        `only-if-cached of what is fresh${where}`,
        cached.headers,
        'store',
        { policy },
      ),
      asked(
        'RFC 9111 5.2.1.7',
        `only-if-cached of what is stale${where}`,
        cached.headers,
        'gateway',
        {
          wait: 100,
          policy,
          expect: { status: 504 },
        },
      ),
      {
        section: 'RFC 9111 5.2.1.5',
        name: `no-store: the answer is not stored${where}`,
        policy,
        steps: [
          { request: { headers: [say('no-store')] }, origin: { headers: cc('max-age=100') } },
          { request: {} },
          { expect: { from: 'store', of: 2 } },
        ],
      },
    ];
  }),
  {
    section: 'RFC 9111 5.2.1.7',
    name: 'only-if-cached for a variant that is not stored',
    steps: [
      {
        request: { headers: [['foo', '1']] },
        origin: { headers: cc('max-age=60', ['vary', 'Foo']) },
      },
      {
        request: { headers: [['foo', '2'], say('only-if-cached')] },
        expect: { from: 'gateway', status: 504 },
      },
      {
        request: { headers: [['foo', '1'], say('only-if-cached')] },
        expect: { from: 'store', of: 1 },
      },
    ],
  },
  asked(
    'RFC 9111 5.2.1.7',
    'only-if-cached beside max-age=0',
    [say('max-age=0, only-if-cached')],
    'gateway',
    {
      wait: 1,
      expect: { status: 504 },
    },
  ),
  ...rows('RFC 9111 5.2', [
    [
      'what a client says to caches is passed on to the origin',
      [],
      'origin',
      {
        request: { headers: [say('max-age=5'), ['pragma', 'x-other']] },
        sent: { 'cache-control': 'max-age=5', pragma: 'x-other' },
      },
    ],
  ]),
]);
