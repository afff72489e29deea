import {
  at,
  cc,
  fixed,
  rows,
  topic,
  type Case,
  type Fields,
  type Row,
} from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
const modified: Fields = [['last-modified', fixed(-3000)]];
const once = cc('max-age=10');

/** An origin that answers conditions, with these fields on its 304. */
const valid = (headers: Fields, notModified: Fields = headers) => ({ headers, notModified });

export const conditions = topic('what is asked with a condition', [
  ...rows('RFC 9111 4.3.1', [
    [
      'a stale answer with a tag',
      valid([...once, ...tag]),
      'validated',
      { wait: 11, sent: { 'if-none-match': '"v1"', 'if-modified-since': null } },
    ],
    [
      'a stale answer with a weak tag',
      valid([...once, ['etag', 'W/"v1"']]),
      'validated',
      { wait: 11, sent: { 'if-none-match': 'W/"v1"' } },
    ],
    [
      'a stale answer with Last-Modified',
      valid([...once, ...modified]),
      'validated',
      { wait: 11, sent: { 'if-none-match': null, 'if-modified-since': fixed(-3000) } },
    ],
    [
      'a stale answer with both: both are sent',
      valid([...once, ...tag, ...modified]),
      'validated',
      { wait: 11, sent: { 'if-none-match': '"v1"', 'if-modified-since': fixed(-3000) } },
    ],
    [
      'a stale answer without validators: no condition',
      once,
      'origin',
      { wait: 11, sent: { 'if-none-match': null, 'if-modified-since': null } },
    ],
    [
      'a stale 404 with a tag: a 304 would speak of a 200',
      { status: 404, headers: [...once, ...tag] },
      'origin',
      { wait: 11, sent: { 'if-none-match': null } },
    ],
    ['half an hour later still', valid([...once, ...tag]), 'validated', { wait: 1800 }],
  ]),
  ...rows('RFC 9111 5.2.2.4', [
    ['no-cache with a tag, every time', valid(cc('no-cache', ...tag)), 'validated'],
    ['no-cache beside max-age', valid(cc('no-cache, max-age=60', ...tag)), 'validated'],
    ['no-cache with Last-Modified', valid(cc('no-cache', ...modified)), 'validated'],
    [
      'no-cache whose tag has changed',
      cc('no-cache', ...tag),
      'origin',
      { sent: { 'if-none-match': '"v1"' } },
    ],
  ]),
  ...rows('RFC 9111 5.2.2.2', [
    [
      'must-revalidate: not while it is fresh',
      valid(cc('max-age=10, must-revalidate', ...tag)),
      'store',
    ],
    [
      'must-revalidate: once it is stale',
      valid(cc('max-age=10, must-revalidate', ...tag)),
      'validated',
      { wait: 11 },
    ],
  ]),
  ...rows('RFC 9111 4.2', [
    ['max-age=0 with a tag is stored for validation', valid(cc('max-age=0', ...tag)), 'validated'],
    [
      'a past Expires with a tag is stored for validation',
      valid([['expires', at(-10)], ...tag]),
      'validated',
    ],
    ['a tag without freshness is stored for validation', valid(tag), 'validated'],
  ]),
]);

/** A field of the stored answer, what the 304 says of it, and what is served from then on. */
const update = (name: string, before: string, after: string): Row => [
  name,
  valid([...once, ...tag, [name, before]], [...once, ...tag, [name, after]]),
  'validated',
  { wait: 11, headers: { [name]: after } },
];

const stored = (name: string, value: string): Fields =>
  name === 'cache-control' ? cc(value, ...tag) : [...once, ...tag, [name, value]];

const updatedThenReused = (name: string, before: string, after: string): Case => ({
  section: 'RFC 9111 3.2',
  name: `a 304 updates ${name}, also in the store`,
  steps: [
    { origin: { headers: stored(name, before) } },
    {
      wait: 11,
      origin: valid(stored(name, before), stored(name, after)),
      expect: { from: 'validated', headers: { [name]: after } },
    },
    { wait: 5, expect: { from: 'store', headers: { [name]: after, age: '5' } } },
  ],
});

export const updates = topic('what a 304 changes', [
  ...rows('RFC 9111 3.2', [
    update('content-location', '/a', '/b'),
    update('content-security-policy', "default-src 'self'", "default-src 'none'"),
    update('expires', 'Fri, 01 Jan 2038 01:01:01 GMT', 'Mon, 11 Jan 2038 11:11:11 GMT'),
    update('x-frame-options', 'deny', 'sameorigin'),
    update('content-foo', 'a', 'b'),
    update('link', '</a>; rel=preload', '</b>; rel=preload'),
    [
      'date',
      valid([...once, ...tag, ['date', at(0)]]),
      'validated',
      { wait: 11, headers: { date: at(0) } },
    ],
    [
      'what it does not name stays',
      valid([...once, ...tag, ['x-kept', '1']], [...once, ...tag]),
      'validated',
      { wait: 11, headers: { 'x-kept': '1' } },
    ],
    [
      'Content-Length stays that of the body',
      valid([...once, ...tag], [...once, ...tag, ['content-length', '3']]),
      'validated',
      { wait: 11, headers: { 'content-length': '20' } },
    ],
    [
      'fields of the connection are not taken over',
      valid([...once, ...tag], [...once, ...tag, ['connection', 'x-hop'], ['x-hop', '1']]),
      'validated',
      { wait: 11, headers: { 'x-hop': null, connection: null } },
    ],
  ]),
  updatedThenReused('test-header', 'a', 'b'),
  updatedThenReused('x-test-header', 'a', 'b'),
  updatedThenReused('cache-control', 'max-age=10', 'max-age=3600'),
  {
    section: 'RFC 9111 4.3.4',
    name: 'a 304 makes it fresh anew, by its own time',
    steps: [
      { origin: valid([...once, ...tag]) },
      { wait: 30, expect: { from: 'validated' } },
      { wait: 9, expect: { from: 'store', headers: { age: '9' } } },
      { wait: 1, expect: { from: 'validated' } },
    ],
  },
  {
    section: 'RFC 9111 4.3.4',
    name: 'a 304 that names another strong tag updates nothing: the whole is asked for',
    steps: [
      { origin: { headers: [...once, ...tag] } },
      {
        wait: 11,
        origin: [
          { headers: [...once, ['etag', '"v2"']] },
          { to: 'if-none-match', status: 304, headers: [...once, ['etag', '"v2"']] },
        ],
        expect: { asked: 2, headers: { etag: '"v2"' }, sent: { 'if-none-match': null } },
      },
      { expect: { from: 'store', headers: { etag: '"v2"' } } },
    ],
  },
  {
    section: 'RFC 9111 7.3',
    name: 'a cookie that a 304 sets is for its client alone',
    steps: [
      { origin: { headers: [...once, ...tag] } },
      {
        wait: 11,
        origin: valid([...once, ...tag], [...once, ...tag, ['set-cookie', 'a=b']]),
        expect: { from: 'forwarded', status: 200 },
      },
      {
        origin: valid([...once, ...tag]),
        expect: { from: 'any', status: 200, headers: { 'set-cookie': null } },
      },
    ],
  },
  {
    section: 'RFC 9111 5.2.2.5',
    name: 'a 304 that says no-store ends what is stored',
    steps: [
      { origin: { headers: [...once, ...tag] } },
      {
        wait: 11,
        origin: valid([...once, ...tag], cc('no-store', ...tag)),
        expect: { from: 'forwarded', status: 200 },
      },
      { origin: { headers: cc('no-store', ...tag) }, expect: { from: 'forwarded' } },
      { expect: { from: 'forwarded' } },
    ],
  },
]);

export const outcomes = topic('what else may come of a validation', [
  {
    section: 'RFC 9111 4.3.3',
    name: 'a 200 takes the place of what is stored',
    steps: [
      { origin: { headers: [...once, ...tag, ['x-old', '1']] } },
      {
        wait: 11,
        origin: { headers: [...once, ['etag', '"v2"']] },
        expect: { sent: { 'if-none-match': '"v1"' }, headers: { 'x-old': null } },
      },
      { expect: { from: 'store', headers: { etag: '"v2"', 'x-old': null } } },
    ],
  },
  {
    section: 'RFC 9111 4.3.3',
    name: 'a 503 is passed on, and what is stored can still be validated',
    steps: [
      { origin: { headers: [...once, ...tag] } },
      { wait: 11, origin: { status: 503 }, expect: { sent: { 'if-none-match': '"v1"' } } },
      { wait: 11, origin: valid([...once, ...tag]), expect: { from: 'validated', of: 1 } },
    ],
  },
  {
    section: 'RFC 9111 4.3.2',
    name: "a client's condition on something stale is answered after validation",
    steps: [
      { origin: valid([...once, ...tag]) },
      {
        wait: 11,
        request: { headers: [['if-none-match', '"v1"']] },
        expect: { from: 'validated', status: 304, headers: { etag: '"v1"' } },
      },
      { expect: { from: 'store' } },
    ],
  },
  {
    section: 'RFC 9111 4.3.2',
    name: 'a client that has the newer one is told so, and it is stored',
    steps: [
      { origin: { headers: [...once, ...tag] } },
      {
        wait: 11,
        origin: { headers: [...once, ['etag', '"v2"']] },
        request: { headers: [['if-none-match', '"v2"']] },
        expect: { status: 304, body: '', headers: { etag: '"v2"' } },
      },
      { request: {}, expect: { from: 'store', body: 'the answer of step 2', status: 200 } },
    ],
  },
  {
    section: 'RFC 9111 4.3.2',
    name: "a client's If-Modified-Since on something stale is answered after validation",
    steps: [
      { origin: valid([...once, ...modified]) },
      {
        wait: 11,
        request: { headers: [['if-modified-since', fixed(-3000)]] },
        expect: { from: 'validated', status: 304 },
      },
    ],
  },
  {
    section: 'issue 5',
    name: 'what was purged is never a validator',
    steps: [
      { origin: valid([...once, ...tag]) },
      { purge: 'hard', expect: { sent: { 'if-none-match': null } } },
      { expect: { from: 'store' } },
    ],
  },
  {
    section: 'RFC 9111 4.3.1',
    name: 'what was purged softly is',
    steps: [{ origin: valid([...once, ...tag]) }, { purge: 'soft', expect: { from: 'validated' } }],
  },
  {
    section: 'RFC 9111 4.3.1',
    name: 'another isolate validates what this one has stored',
    steps: [
      { origin: valid([...once, ...tag]) },
      { wait: 11, isolate: 'new', expect: { from: 'validated' } },
      { expect: { from: 'store' } },
    ],
  },
]);
