import { at, cc, rows, topic, type Case, type Fields } from '../../support/http-case.ts';

export const explicit = topic('explicit freshness', [
  ...rows('RFC 9111 4.2.1', [
    ['nothing is said', [], 'origin'],
    ['max-age', cc('max-age=60'), 'store', { wait: 59, headers: { age: '59' } }],
    ['max-age is over when the age is as much', cc('max-age=60'), 'origin', { wait: 60 }],
    ['max-age=0', cc('max-age=0'), 'origin'],
    ['MaX-aGe', cc('MaX-aGe=60'), 'store'],
    ['max-age beside an extension', cc('foobar, max-age=60'), 'store'],
    ['s-maxage', cc('s-maxage=60'), 'store'],
    ['s-maxage over a longer max-age', cc('max-age=60, s-maxage=1'), 'origin', { wait: 3 }],
    ['s-maxage over a longer max-age, first', cc('s-maxage=1, max-age=60'), 'origin', { wait: 3 }],
    ['s-maxage over a shorter max-age', cc('max-age=1, s-maxage=60'), 'store', { wait: 3 }],
    [
      's-maxage over max-age=0 and a past Expires',
      cc('max-age=0, s-maxage=60', ['expires', at(-10)]),
      'store',
    ],
    [
      's-maxage on a line of its own',
      cc('max-age=60', ['cache-control', 's-maxage=1']),
      'origin',
      { wait: 3 },
    ],
    ['max-age over a past Expires', cc('max-age=60', ['expires', at(-7200)]), 'store'],
    ['max-age over an invalid Expires', cc('max-age=60', ['expires', '0']), 'store'],
    ['max-age=0 over a future Expires', cc('max-age=0', ['expires', at(3600)]), 'origin'],
    ['two max-age, the first of them over', cc('max-age=1, max-age=60'), 'origin', { wait: 3 }],
  ]),
  ...rows('RFC 9111 1.2.2', [
    ['max-age=2147483647', cc('max-age=2147483647'), 'store', { wait: 60 }],
    ['max-age=2147483648', cc('max-age=2147483648'), 'store', { wait: 60 }],
    ['max-age=99999999999', cc('max-age=99999999999'), 'store', { wait: 60 }],
    ['max-age of thirty digits', cc(`max-age=${'9'.repeat(30)}`), 'store', { wait: 60 }],
    ['leading zeros', cc('max-age=0060'), 'store', { wait: 59 }],
  ]),
  ...rows('RFC 9111 4.2.1, invalid means stale', [
    ['a negative max-age', cc('max-age=-60'), 'origin'],
    ["max-age='60'", cc("max-age='60'"), 'origin'],
    ['max-age=60.5', cc('max-age=60.5'), 'origin'],
    ['max-age=a60', cc('max-age=a60'), 'origin'],
    ['max-age=60a', cc('max-age=60a'), 'origin'],
    ['max-age without a value', cc('max-age'), 'origin'],
    ['max-age without a value, beside Expires', cc('max-age=', ['expires', at(60)]), 'origin'],
  ]),
  ...rows('RFC 9111 5.2', [
    ['a quoted value', cc('max-age="60"'), 'store'],
    [
      'a value quoted by an extension, before',
      cc('extension="max-age=60", max-age=1'),
      'origin',
      { wait: 3 },
    ],
    [
      'a value quoted by an extension, behind',
      cc('max-age=1, extension="max-age=60"'),
      'origin',
      { wait: 3 },
    ],
  ]),
]);

const expires = (value: string): Fields => [
  ['expires', value],
  ['date', at(0)],
];

export const expiry = topic('Expires', [
  ...rows('RFC 9111 5.3', [
    ['in the future', [['expires', at(600)]], 'store', { wait: 599 }],
    ['reached', [['expires', at(600)]], 'origin', { wait: 600 }],
    ['in the past', [['expires', at(-600)]], 'origin'],
    ['now', [['expires', at(0)]], 'origin'],
    ['0', expires('0'), 'origin'],
    ['-1', expires('-1'), 'origin'],
    ['empty', expires(''), 'origin'],
    [
      'counts from Date: an origin that is 400 s ahead',
      [
        ['expires', at(300)],
        ['date', at(400)],
      ],
      'origin',
    ],
    [
      'an invalid Date is none',
      [
        ['expires', at(60)],
        ['date', 'foo'],
      ],
      'store',
    ],
    [
      'two lines',
      [
        ['expires', 'Thu, 18 Aug 2050 02:01:18 GMT'],
        ['expires', 'Thu, 18 Aug 2050 02:01:19 GMT'],
      ],
      'origin',
    ],
  ]),
  ...rows('RFC 9110 5.6.7', [
    ['past 2038', expires('Tue, 19 Jan 2038 14:14:08 GMT'), 'store'],
    ['far in the future', expires('Sun, 21 Nov 2286 04:46:39 GMT'), 'store'],
    ['RFC 850', expires('Thursday, 18-Aug-50 02:01:18 GMT'), 'store'],
    ['RFC 850 of the past century', expires('Thursday, 18-Aug-94 02:01:18 GMT'), 'origin'],
    ['asctime', expires('Thu Aug  8 02:01:18 2050'), 'store'],
    ['a weekday in capitals', expires('THU, 18 Aug 2050 02:01:18 GMT'), 'store'],
    ['a month in capitals', expires('Thu, 18 AUG 2050 02:01:18 GMT'), 'store'],
    ['gMT', expires('Thu, 18 Aug 2050 02:01:18 gMT'), 'store'],
    ['UTC', expires('Thu, 18 Aug 2050 02:01:18 UTC'), 'origin'],
    ['AEST', expires('Thu, 18 Aug 2050 02:01:18 AEST'), 'origin'],
    ['a year of two digits', expires('Thu, 18 Aug 50 02:01:18 GMT'), 'origin'],
    ['no comma', expires('Thu 18 Aug 2050 02:01:18 GMT'), 'origin'],
    ['two spaces', expires('Thu, 18  Aug  2050 02:01:18 GMT'), 'origin'],
    ['dashes', expires('Thu, 18-Aug-2050 02:01:18 GMT'), 'origin'],
    ['periods', expires('Thu, 18 Aug 2050 02.01.18 GMT'), 'origin'],
    ['an hour of one digit', expires('Thu, 18 Aug 2050 2:01:18 GMT'), 'origin'],
    ['a day that is none', expires('Thu, 32 Aug 2050 02:01:18 GMT'), 'origin'],
    ['ISO 8601', expires('2050-08-18T02:01:18Z'), 'origin'],
  ]),
]);

const aged = (...values: readonly string[]): Fields =>
  cc('max-age=3600', ['date', at(0)], ...values.map((value) => ['age', value] as const));

export const age = topic('Age [trap:age]', [
  ...rows('RFC 9111 5.1', [
    ['more than max-age', aged('7200'), 'origin'],
    ['grows from what came', aged('30'), 'store', { wait: 5, headers: { age: '35' } }],
    ['on everything that is reused', aged(), 'store', { headers: { age: '0' } }],
    ['abc', aged('abc'), 'store', { headers: { age: '0' } }],
    ['negative', aged('-7200'), 'store', { headers: { age: '0' } }],
    ['a fraction', aged('7200.0'), 'store', { headers: { age: '0' } }],
    ['2147483647', aged('2147483647'), 'origin'],
    ['2147483648', aged('2147483648'), 'origin'],
    ['2147483649', aged('2147483649'), 'origin'],
    ['old, 0: the first counts', aged('7200, 0'), 'origin'],
    ['0, old: the first counts', aged('0, 7200'), 'store'],
    ['old and 0 on two lines', aged('7200', '0'), 'origin'],
    ['0 and old on two lines', aged('0', '7200'), 'store'],
    ['0, 0', aged('0, 0'), 'store', { headers: { age: '0' } }],
    ['0 on two lines', aged('0', '0'), 'store', { headers: { age: '0' } }],
    ['the same on two lines', aged('1800', '1800'), 'store', { headers: { age: '1800' } }],
    [
      'beside Expires',
      [
        ['expires', at(3600)],
        ['age', '30'],
      ],
      'store',
      { wait: 5, headers: { age: '35' } },
    ],
  ]),
  ...rows('RFC 9111 4.2.3', [
    ['an old Date is an age', cc('max-age=3600', ['date', at(-7200)]), 'origin'],
    [
      'a Date of 60 s ago',
      cc('max-age=3600', ['date', at(-60)]),
      'store',
      { headers: { age: '60' } },
    ],
    [
      'a Date ahead is no age',
      cc('max-age=3600', ['date', at(60)]),
      'store',
      { headers: { age: '0' } },
    ],
    [
      'Age and Date: the larger counts',
      cc('max-age=3600', ['date', at(-60)], ['age', '90']),
      'store',
      { headers: { age: '90' } },
    ],
    [
      'a slow clock: Age counts against Expires less Date',
      [
        ['date', at(-10)],
        ['expires', at(10)],
        ['age', '25'],
      ],
      'origin',
    ],
    [
      'a fast clock: Age counts against Expires less Date',
      [
        ['date', at(10)],
        ['expires', at(20)],
        ['age', '15'],
      ],
      'origin',
    ],
  ]),
  {
    section: 'RFC 9111 4.2.3',
    name: 'the time that the origin took is age',
    steps: [
      { origin: { headers: cc('max-age=60') }, slow: 8, expect: { headers: { age: '8' } } },
      { wait: 51, expect: { from: 'store', headers: { age: '59' } } },
      { wait: 1 },
    ],
  },
  {
    section: 'RFC 9111 4.2.3',
    name: 'the time that the origin took is added to the age that it told',
    steps: [
      { origin: { headers: cc('max-age=60', ['age', '10']) }, slow: 5 },
      { expect: { from: 'store', headers: { age: '15' } } },
    ],
  },
  {
    section: 'RFC 9111 5.1, RFC 9110 6.6.1',
    name: 'Date, Expires and Cache-Control are reused as they came',
    steps: [
      { origin: { headers: cc('max-age=60', ['date', at(0)], ['expires', at(90)]) } },
      {
        wait: 10,
        expect: {
          from: 'store',
          headers: { date: at(-10), expires: at(80), 'cache-control': 'max-age=60', age: '10' },
        },
      },
    ],
  },
  {
    section: 'RFC 9110 6.6.1',
    name: 'an answer without Date gets the time at which it came',
    steps: [
      { origin: { headers: cc('max-age=60') } },
      { wait: 10, expect: { from: 'store', headers: { date: at(-10) } } },
    ],
  },
]);

const DAY = 86_400;
const modified = (secondsAgo: number): Fields => [
  ['last-modified', at(-secondsAgo)],
  ['date', at(0)],
];
const byStatus = (statuses: readonly number[], from: 'store' | 'origin'): readonly Case[] =>
  rows(
    'RFC 9110 15.1',
    statuses.map((status) => [
      `a ${status} is ${from === 'store' ? '' : 'not '}fresh by heuristics`,
      { status, headers: modified(DAY) },
      from,
    ]),
  );

export const heuristic = topic('heuristic freshness [trap:heuristics]', [
  ...byStatus([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501], 'store'),
  ...byStatus([201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504, 599], 'origin'),
  ...rows('RFC 9111 4.2.2', [
    ['a tenth of the time since it was modified', modified(DAY), 'store', { wait: 8000 }],
    ['and not more', modified(DAY), 'origin', { wait: 9000 }],
    [
      'a page of ten years is asked for again after some days',
      modified(3650 * DAY),
      'origin',
      { wait: 8 * DAY },
    ],
    [
      'an error is so for a minute at most',
      { status: 404, headers: modified(DAY) },
      'origin',
      { wait: 61 },
    ],
    ['an error is so for a minute', { status: 404, headers: modified(DAY) }, 'store', { wait: 59 }],
    ['without Date', [['last-modified', at(-DAY)]], 'store'],
    ['modified in the future', modified(-60), 'origin'],
    ['an invalid Last-Modified', [['last-modified', 'yesterday']], 'origin'],
    ['no Last-Modified', [['date', at(0)]], 'origin'],
    ['not beside an invalid max-age', cc('max-age=x', ...modified(DAY)), 'origin'],
    ['not beside an invalid Expires', [...modified(DAY), ['expires', '0']], 'origin'],
    ['an age counts', [...modified(DAY), ['age', '9000']], 'origin'],
  ]),
  ...rows('RFC 9111 5.2.2.9', [
    ['public: a 599 is', { status: 599, headers: cc('public', ...modified(DAY)) }, 'store'],
    ['public: a 403 is', { status: 403, headers: cc('public', ...modified(DAY)) }, 'store'],
    ['public without Last-Modified says nothing of time', cc('public'), 'origin'],
  ]),
]);
