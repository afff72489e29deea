import { at, cc, rows, topic, type Case, type Fields } from '../../support/http-case.ts';

const fresh = cc('max-age=60');
const authorized = { headers: [['authorization', 'Bearer x']] as const };
const past: Fields = [
  ['expires', at(-5000)],
  ['last-modified', at(-100_000)],
];

// Any final status that says how long it is fresh; 206 and 304 are parts of another answer, 413 and 431 speak of the request.
const statuses = [
  200, 201, 202, 203, 204, 299, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 414, 418,
  451, 499, 500, 501, 502, 503, 504, 599,
];

export const byStatus = topic('which statuses are stored', [
  ...rows(
    'RFC 9111 3',
    statuses.map((status) => [
      `a ${status} with explicit freshness is reused`,
      { status, headers: fresh },
      'store',
    ]),
  ),
  ...rows(
    'RFC 9111 4',
    statuses.map((status) => [`a stale ${status} is not`, { status, headers: past }, 'origin']),
  ),
  ...rows('RFC 9110 15.5.14', [
    ['a 413 speaks of the request, and is not stored', { status: 413, headers: fresh }, 'origin'],
  ]),
  ...rows('RFC 6585 5', [
    ['a 431 speaks of the request, and is not stored', { status: 431, headers: fresh }, 'origin'],
  ]),
  ...rows('RFC 9111 5.2.2.3', [
    [
      'must-understand, no-store: a 200 is understood, and stored',
      cc('max-age=60, no-store, must-understand'),
      'store',
    ],
    [
      'must-understand, no-store: a 404 is understood',
      { status: 404, headers: cc('max-age=60, no-store, must-understand') },
      'store',
    ],
    [
      'must-understand, no-store: a 599 is not',
      { status: 599, headers: cc('max-age=60, no-store, must-understand') },
      'origin',
    ],
    [
      'must-understand alone: a 599 is not stored',
      { status: 599, headers: cc('max-age=60, must-understand') },
      'origin',
    ],
  ]),
]);

export const directives = topic('which directives forbid it [trap:forbidden-storing]', [
  ...rows('RFC 9111 5.2.2.5', [
    ['no-store', cc('no-store'), 'origin'],
    ['No-StOrE', cc('No-StOrE'), 'origin'],
    ['no-store beside freshness', cc('max-age=60, no-store', ['expires', at(60)]), 'origin'],
    ['no-store on a second line', cc('max-age=60', ['cache-control', 'no-store']), 'origin'],
    ['no-store with an argument', cc('max-age=60, no-store="x"'), 'origin'],
    [
      'no-store within the value of an extension is text',
      cc('extension="no-store", max-age=60'),
      'store',
    ],
    ['a directive that ends in no-store is another', cc('x-no-store, max-age=60'), 'store'],
  ]),
  ...rows('RFC 9111 5.2.2.7', [
    ['private', cc('private, max-age=60'), 'origin'],
    ['PRIVATE', cc('max-age=60, PRIVATE'), 'origin'],
    ['private beside s-maxage', cc('private, s-maxage=60'), 'origin'],
    ['private beside public', cc('public, private, max-age=60'), 'origin'],
    [
      'private="a": the field is not stored, the rest is',
      cc('private="a", max-age=60', ['a', '1'], ['b', '2']),
      'store',
      { headers: { a: null, b: '2' } },
    ],
    [
      'private="A , b": names in any case, spaces apart',
      cc('private="A , b", max-age=60', ['a', '1'], ['b', '2'], ['c', '3']),
      'store',
      { headers: { a: null, b: null, c: '3' } },
    ],
    [
      'private="a" beside private: all of it',
      cc('private="a", private, max-age=60', ['a', '1']),
      'origin',
    ],
  ]),
  ...rows('RFC 9111 5.2.2.4', [
    [
      'no-cache="a": the field is not reused, the rest is',
      cc('no-cache="a", max-age=60', ['a', '1'], ['b', '2']),
      'store',
      { headers: { a: null, b: '2' } },
    ],
    [
      'no-cache="a, b"',
      cc('no-cache="a, b", max-age=60', ['a', '1'], ['b', '2'], ['c', '3']),
      'store',
      { headers: { a: null, b: null, c: '3' } },
    ],
    ['no-cache without a validator', cc('no-cache, max-age=60'), 'origin'],
    ['No-CaChE beside Expires', cc('No-CaChE', ['expires', at(60)]), 'origin'],
  ]),
  ...rows('RFC 9111 5.2', [
    ['an unknown directive', cc('max-age=60, community="UCI"'), 'store'],
    ['empty members', cc(', ,max-age=60,,'), 'store'],
    ['only-if-cached in a response means nothing', cc('only-if-cached, max-age=60'), 'store'],
  ]),
  ...rows('RFC 9111 5.4', [
    ['Pragma in a response means nothing', cc('max-age=60', ['pragma', 'no-cache']), 'store'],
  ]),
]);

export const authenticated = topic('answers to authenticated requests [trap:authorization]', [
  ...rows('RFC 9111 3.5', [
    ['max-age alone', fresh, 'origin', { request: authorized }],
    ['Expires alone', [['expires', at(60)]], 'origin', { request: authorized }],
    ['proxy-revalidate', cc('max-age=60, proxy-revalidate'), 'origin', { request: authorized }],
    ['public', cc('max-age=60, public'), 'store', { request: authorized }],
    ['s-maxage', cc('s-maxage=60'), 'store', { request: authorized }],
    ['must-revalidate', cc('max-age=60, must-revalidate'), 'store', { request: authorized }],
    ['public, private', cc('max-age=60, public, private'), 'origin', { request: authorized }],
  ]),
  {
    section: 'RFC 9111 3.5',
    name: 'what is not stored is not there for others either, and the origin is told who asks',
    steps: [
      {
        request: authorized,
        origin: { headers: fresh },
        expect: { sent: { authorization: 'Bearer x' } },
      },
      { expect: { sent: { authorization: null } } },
    ],
  },
]);

export const cookies = topic('answers that set a cookie [trap:set-cookie]', [
  ...rows('RFC 9111 7.3', [
    ['Set-Cookie', cc('max-age=60', ['set-cookie', 'a=b']), 'origin'],
    ['Set-Cookie beside public', cc('public, max-age=60', ['set-cookie', 'a=b']), 'origin'],
    [
      'private="set-cookie": stored without',
      cc('max-age=60, private="set-cookie"', ['set-cookie', 'a=b'], ['b', '2']),
      'store',
      { headers: { 'set-cookie': null, b: '2' } },
    ],
    [
      'no-cache="Set-Cookie": stored without',
      cc('max-age=60, no-cache="Set-Cookie"', ['set-cookie', 'a=b']),
      'store',
      { headers: { 'set-cookie': null } },
    ],
    [
      'stored with it, where the tenant says so',
      cc('max-age=60', ['set-cookie', 'a=b']),
      'store',
      { policy: { setCookie: 'store' }, headers: { 'set-cookie': 'a=b' } },
    ],
    [
      'private="set-cookie" holds also where the tenant stores cookies',
      cc('max-age=60, private="set-cookie"', ['set-cookie', 'a=b']),
      'store',
      { policy: { setCookie: 'store' }, headers: { 'set-cookie': null } },
    ],
    [
      'a request with a cookie gets what is stored',
      fresh,
      'store',
      { request: { headers: [['cookie', 'a=b']] } },
    ],
  ]),
]);

const method = (name: string, from: 'origin' | 'store'): Case => ({
  section: 'RFC 9111 3',
  name: `an answer to ${name} is ${from === 'store' ? '' : 'no '}answer to GET`,
  steps: [
    { request: { method: name }, origin: { headers: fresh } },
    { expect: { from } },
    { expect: { from: 'store', of: 2 } },
  ],
});

export const methods = topic('methods, targets and bodies', [
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'].map((name) => method(name, 'origin')),
  {
    section: 'RFC 9111 2',
    name: 'another query is another resource, and the same one is the same [trap:parameter-cloaking]',
    steps: [
      { request: { path: '?a=1' }, origin: { headers: fresh } },
      { request: { path: '?a=2' } },
      { request: { path: '?a=1' }, expect: { from: 'store', of: 1 } },
      { request: { path: '?a=2' }, expect: { from: 'store', of: 2 } },
      { request: {} },
    ],
  },
  ...[{ chunked: true as const }, {}].map((how): Case => ({
    section: 'RFC 9111 3.3',
    name: `a body that breaks off is not stored: of ${how.chunked ? 'unknown' : 'known'} length [trap:truncation]`,
    steps: [
      { origin: { headers: fresh, breakAfter: 5, ...how }, expect: { from: 'broken' } },
      { origin: { headers: fresh } },
      { expect: { from: 'store' } },
    ],
  })),
  ...[404, 400, 405, 501, 503].map((status): Case => ({
    section: 'RFC 9111 7.1',
    name: `an error to a request with a header that is stripped is not stored for others: ${status} [trap:cpdos]`,
    steps: [
      {
        request: { headers: [['x-http-method-override', 'DELETE']] },
        origin: { status, headers: fresh },
        expect: { sent: { 'x-http-method-override': null } },
      },
      { origin: { headers: fresh } },
      { expect: { from: 'store' } },
    ],
  })),
  {
    section: 'RFC 9111 7.1',
    name: 'a 400 to a request with a header of 5 KB is not stored for others [trap:cpdos]',
    steps: [
      {
        request: { headers: [['x-long', 'x'.repeat(5000)]] },
        origin: { status: 400, headers: fresh },
      },
      { origin: { headers: fresh } },
    ],
  },
]);
