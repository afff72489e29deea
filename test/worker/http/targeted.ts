import { at, cc, rows, topic, type Field, type Fields } from '../../support/http-case.ts';

const cdn = (value: string, ...more: Fields): Fields => [['cdn-cache-control', value], ...more];
const own = (value: string, ...more: Fields): Fields => [
  ['tiercel-cdn-cache-control', value],
  ...more,
];
const control = (value: string): Field => ['cache-control', value];
const tag: Fields = [['etag', '"v1"']];

export const governs = topic('targeted fields', [
  ...rows('RFC 9213 2.1', [
    ['max-age', cdn('max-age=60'), 'store', { wait: 59 }],
    ['max-age is over', cdn('max-age=60'), 'origin', { wait: 60 }],
    ['max-age=0', cdn('max-age=0'), 'origin'],
    ['max-age=0 over a future Expires', cdn('max-age=0', ['expires', at(600)]), 'origin'],
    ['an age that came counts', cdn('max-age=3600', ['age', '7200']), 'origin'],
    ['max-age over a past Expires', cdn('max-age=60', ['expires', at(-600)]), 'store'],
    ['max-age over an invalid Expires', cdn('max-age=60', ['expires', '0']), 'store'],
    [
      'a long max-age over a short one of Cache-Control',
      cdn('max-age=60', control('max-age=1')),
      'store',
      { wait: 5 },
    ],
    [
      'a short max-age over a long one of Cache-Control',
      cdn('max-age=1', control('max-age=60')),
      'origin',
      { wait: 5 },
    ],
    ['s-maxage goes before max-age in it too', cdn('max-age=1, s-maxage=60'), 'store', { wait: 5 }],
    ['private', cdn('private', control('max-age=60')), 'origin'],
    ['no-store', cdn('no-store', control('max-age=60'), ['expires', at(600)]), 'origin'],
    ['no-cache', cdn('no-cache', control('max-age=60')), 'origin'],
    ['no-cache beside max-age', cdn('max-age=60, no-cache', control('max-age=60')), 'origin'],
    ['max-age over no-store of Cache-Control', cdn('max-age=60', control('no-store')), 'store'],
    ['max-age over private of Cache-Control', cdn('max-age=60', control('private')), 'store'],
    ['max-age over no-cache of Cache-Control', cdn('max-age=60', control('no-cache')), 'store'],
    [
      'without a time in it, Expires gives none',
      cdn('must-revalidate', ['expires', at(600)]),
      'origin',
    ],
    [
      'without a time in it, Cache-Control gives none',
      cdn('must-revalidate', control('max-age=60')),
      'origin',
    ],
    ['an unknown member beside max-age', cdn('foobar, max-age=60'), 'store'],
    ['max-age=2147483648', cdn('max-age=2147483648'), 'store', { wait: 60 }],
    ['max-age=99999999999', cdn('max-age=99999999999'), 'store', { wait: 60 }],
    [
      'stale-while-revalidate',
      cdn('max-age=10, stale-while-revalidate=60'),
      'store',
      { wait: 20, asked: 1 },
    ],
    [
      'public: an answer to Authorization',
      cdn('public, max-age=60', control('private')),
      'store',
      { request: { headers: [['authorization', 'Bearer x']] } },
    ],
    [
      'public of Cache-Control does not count: an answer to Authorization',
      cdn('max-age=60', control('public')),
      'origin',
      { request: { headers: [['authorization', 'Bearer x']] } },
    ],
    [
      'no-cache with a tag is validated',
      { headers: cdn('no-cache', ...tag), notModified: cdn('no-cache', ...tag) },
      'validated',
    ],
  ]),
  {
    section: 'RFC 9213 2.1',
    name: 'must-revalidate forbids what is stale, whatever Cache-Control says',
    steps: [
      {
        origin: {
          headers: cdn('max-age=10, must-revalidate', control('stale-if-error=600'), ...tag),
        },
      },
      { wait: 11, origin: { drop: true }, expect: { from: 'gateway', status: 504, asked: 1 } },
    ],
  },
  {
    section: 'RFC 9213 2.1',
    name: 'must-revalidate of Cache-Control does not count',
    steps: [
      { origin: { headers: cdn('max-age=10, stale-if-error=600', control('must-revalidate')) } },
      { wait: 11, origin: { status: 503 }, expect: { from: 'instead' } },
    ],
  },
]);

export const parsing = topic('targeted fields are structured', [
  ...rows('RFC 9213 2.1', [
    ['a fault anywhere: it is not there', cdn('max-age=60, &&&&&', control('no-store')), 'origin'],
    [
      'a fault anywhere: Cache-Control counts',
      cdn('max-age=1, &&&&&', control('max-age=60')),
      'store',
      { wait: 5 },
    ],
    ['empty: Cache-Control counts', cdn('', control('max-age=60')), 'store'],
    ['a comma at the end is a fault', cdn('max-age=60,', control('no-store')), 'origin'],
    ['a key in capitals is a fault', cdn('MaX-aGe=60', control('no-store')), 'origin'],
    ['a space before = is a fault', cdn('max-age =60', control('no-store')), 'origin'],
    ['a space behind = is a fault', cdn('max-age= 60', control('no-store')), 'origin'],
    [
      'a token that begins with a digit is a fault',
      cdn('max-age=60s', control('no-store')),
      'origin',
    ],
    ['a string is no number', cdn('max-age="60"', control('max-age=60')), 'origin'],
    ['a decimal is no number of seconds', cdn('max-age=60.5', control('max-age=60')), 'origin'],
    ['max-age without a value', cdn('max-age', control('max-age=60')), 'origin'],
    ['a negative number', cdn('max-age=-60', control('max-age=60')), 'origin'],
    ['parameters are ignored', cdn('max-age=60;foo=bar', control('no-store')), 'store'],
    ['of two the last counts', cdn('max-age=1, max-age=60'), 'store', { wait: 5 }],
    ['two lines are one dictionary', cdn('foo', ['cdn-cache-control', 'max-age=60']), 'store'],
    [
      'a fault on the second line is a fault of the whole',
      cdn('max-age=60', ['cdn-cache-control', '&'], control('no-store')),
      'origin',
    ],
    ['no-store with a parameter', cdn('no-store;a=1, max-age=60'), 'origin'],
  ]),
  ...rows('RFC 9213 2.2', [
    ['the own name goes first', own('max-age=60', ...cdn('no-store')), 'store'],
    ['the own name goes first, also to forbid', own('no-store', ...cdn('max-age=60')), 'origin'],
    [
      'the own name is faulty: the next one',
      own('&', ...cdn('max-age=60'), control('no-store')),
      'store',
    ],
    [
      'the own name is empty: the next one',
      own('', ...cdn('max-age=60'), control('no-store')),
      'store',
    ],
    ['both are faulty: Cache-Control', own('&', ...cdn('&'), control('max-age=60')), 'store'],
    ['the order of the lines is of no account', cdn('no-store', ...own('max-age=60')), 'store'],
  ]),
  ...['surrogate-control', 'foo-cache-control', 'cloudflare-cdn-cache-control'].flatMap((name) =>
    rows('RFC 9213 2', [
      [
        `${name} is not on the list: it allows nothing, and passes`,
        [[name, 'max-age=60']],
        'origin',
        { headers: { [name]: 'max-age=60' } },
      ],
      [
        `${name} is not on the list: it forbids nothing, and is stored`,
        cc('max-age=60', [name, 'no-store']),
        'store',
        { headers: { [name]: 'no-store' } },
      ],
    ]),
  ),
]);

const both = cdn('max-age=600', control('max-age=60'), ['expires', at(60)], ['date', at(0)]);

export const delivery = topic('what the browser is told of a targeted answer', [
  {
    section: 'RFC 9213 2.1',
    name: 'CDN-Cache-Control is passed on, the own field is not',
    steps: [
      {
        origin: { headers: cdn('max-age=60', ...own('max-age=60')) },
        expect: {
          headers: { 'cdn-cache-control': 'max-age=60', 'tiercel-cdn-cache-control': null },
        },
      },
      {
        expect: {
          from: 'store',
          headers: { 'cdn-cache-control': 'max-age=60', 'tiercel-cdn-cache-control': null },
        },
      },
    ],
  },
  {
    section: 'RFC 9213 2.1',
    name: 'the own field is not passed on with what is not stored either',
    steps: [
      {
        origin: { headers: own('no-store') },
        expect: { headers: { 'tiercel-cdn-cache-control': null } },
      },
    ],
  },
  {
    section: 'RFC 9213 2.2',
    name: "the browser's time counts from delivery",
    steps: [
      { origin: { headers: both } },
      {
        wait: 300,
        expect: {
          from: 'store',
          headers: { age: null, date: at(0), expires: at(60), 'cache-control': 'max-age=60' },
        },
      },
    ],
  },
  {
    section: 'RFC 9213 2.2',
    name: 'so it does on a 304, and on HEAD',
    steps: [
      { origin: { headers: [...both, ...tag] } },
      {
        wait: 300,
        request: { headers: [['if-none-match', '"v1"']] },
        expect: {
          from: 'store',
          status: 304,
          headers: { age: null, date: at(0), expires: at(60) },
        },
      },
      {
        wait: 1,
        request: { method: 'HEAD' },
        expect: { from: 'store', headers: { age: null, date: at(0), expires: at(60) } },
      },
    ],
  },
]);
