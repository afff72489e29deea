import { cc, fixed, topic, type Case, type Fields } from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
const weak: Fields = [['etag', 'W/"v1"']];
const modified: Fields = [['last-modified', fixed(-3000)]];
const once = cc('max-age=10');

/** An origin that answers conditions, with these fields on its 304. */
const valid = (headers: Fields, notModified: Fields = headers) => ({ headers, notModified });

const alice = { request: { headers: [['cookie', 'user=alice']] } } as const;
const bearer = { request: { headers: [['authorization', 'Bearer alice']] } } as const;
const nobody = { request: {} } as const;

/** Somebody with a name asks for what is stored from somebody without: by what the origin is asked. */
const askedBy = (
  name: string,
  fields: Fields,
  who: typeof alice | typeof bearer,
  sent: Record<string, string | null> | undefined,
  control = 'no-cache',
): Case => ({
  section: 'RFC 9110 8.8.1',
  name,
  steps: [
    { origin: valid(cc(control, ...fields)) },
    {
      ...who,
      expect: sent
        ? { from: 'validated', sent }
        : { sent: { 'if-none-match': null, 'if-modified-since': null } },
    },
  ],
});

export const validators = topic('what is stored, held against the page of somebody with a name', [
  askedBy('a cookie: not by Last-Modified, which two pages can share', modified, alice, undefined),
  askedBy('credentials: not by Last-Modified', modified, bearer, undefined),
  askedBy('a cookie: not by a weak tag, which two pages can share', weak, alice, undefined),
  askedBy(
    'a cookie: by a weak tag where it is said to be for all',
    [...weak, ...modified],
    alice,
    { 'if-none-match': 'W/"v1"', 'if-modified-since': null },
    'public, max-age=0',
  ),
  askedBy('a cookie: by a strong tag alone', [...tag, ...modified], alice, {
    'if-none-match': '"v1"',
    'if-modified-since': null,
  }),
  askedBy(
    'credentials: by a strong tag alone',
    [...tag, ...modified],
    bearer,
    { 'if-none-match': '"v1"', 'if-modified-since': null },
    'public, no-cache',
  ),
  {
    section: 'RFC 9111 4.1',
    name: 'a cookie that selects: by whatever there is, for it is the page of the same cookie',
    steps: [
      { ...alice, origin: valid([...once, ...modified, ['vary', 'Cookie']]) },
      { ...alice, wait: 11, expect: { from: 'validated' } },
    ],
  },
  {
    section: 'RFC 9111 4.3.1',
    name: 'and what everybody else gets is validated as before',
    steps: [
      { origin: valid(cc('no-cache', ...modified)) },
      {
        ...alice,
        origin: [
          valid(cc('no-cache', ...modified)),
          { to: 'cookie', body: 'of alice', ...valid(cc('no-cache', ...modified)) },
        ],
        expect: { from: 'forwarded', status: 200, body: 'of alice' },
      },
      { ...nobody, expect: { from: 'validated', of: 1 } },
    ],
  },
]);

const ofAlice: Fields = [
  ['x-user', 'alice'],
  ['x-kept', 'of alice'],
];

/** The origin tells everybody the same, and Alice more. */
const tellsAlice = (more: Fields, control: Fields = cc('max-age=60')) => [
  valid([...control, ...tag, ['x-kept', '1']]),
  {
    to: 'cookie',
    headers: [...control, ...tag, ...more],
    notModified: [...control, ...tag, ...more],
    body: 'x'.repeat(20),
  },
];

const stored = valid([...once, ...tag, ['x-kept', '1']]);

export const fields = topic('what only one person is told', [
  {
    section: 'RFC 9111 4.3.4',
    name: 'by a 304 is told to that person, and stored for nobody: its times are',
    steps: [
      { origin: stored },
      {
        ...alice,
        wait: 11,
        origin: tellsAlice(ofAlice),
        expect: { from: 'validated', headers: { 'x-user': 'alice', 'x-kept': 'of alice' } },
      },
      {
        ...nobody,
        wait: 50,
        expect: { from: 'store', headers: { 'x-user': null, 'x-kept': '1', age: '50' } },
      },
    ],
  },
  {
    section: 'RFC 9111 4.3.5',
    name: 'by a 200 to HEAD is told to that person, and stored for nobody: its times are',
    steps: [
      { origin: stored },
      {
        request: { method: 'HEAD', ...alice.request },
        wait: 11,
        origin: tellsAlice(ofAlice),
        expect: {
          from: 'forwarded',
          status: 200,
          asked: 1,
          headers: { 'x-user': 'alice', 'x-kept': 'of alice' },
        },
      },
      {
        ...nobody,
        wait: 50,
        expect: { from: 'store', headers: { 'x-user': null, 'x-kept': '1', age: '50' } },
      },
    ],
  },
  {
    section: 'RFC 9111 3.2',
    name: 'what everybody is told by a 304 is stored',
    steps: [
      { origin: stored },
      {
        ...nobody,
        wait: 11,
        origin: valid([...cc('max-age=60'), ...tag, ...ofAlice]),
        expect: { from: 'validated', headers: { 'x-kept': 'of alice' } },
      },
      { wait: 1, expect: { from: 'store', headers: { 'x-kept': 'of alice' } } },
    ],
  },
  {
    section: 'RFC 9111 5.2.2.7',
    name: 'a cookie that a 304 names as private is for the one who asked, and the rest is stored',
    steps: [
      { origin: stored },
      {
        ...nobody,
        wait: 11,
        origin: valid([...cc('max-age=60, private="set-cookie"'), ...tag, ['set-cookie', 'a=2']]),
        expect: { from: 'validated', headers: { 'set-cookie': 'a=2' } },
      },
      { wait: 1, expect: { from: 'store', headers: { 'set-cookie': null } } },
    ],
  },
]);
