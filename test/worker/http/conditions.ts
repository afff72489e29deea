import { cc, fixed, topic, type Case, type Fields, type Field } from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
const modified: Fields = [['last-modified', fixed(-3000)]];

/** What is stored, and what a client with these conditions gets. */
const answers = (
  section: string,
  name: string,
  stored: Fields,
  conditions: Fields,
  status: 200 | 304,
): Case => ({
  section,
  name,
  steps: [
    { origin: { headers: cc('max-age=60', ...stored) } },
    {
      wait: 1,
      request: { headers: conditions },
      expect: {
        from: 'store',
        status,
        headers: { 'content-length': status === 200 ? '20' : null },
      },
    },
    { request: {}, expect: { from: 'store', status: 200 } },
  ],
});
const ifNoneMatch = (field: string): Field => ['if-none-match', field];
const since = (seconds: number): Field => ['if-modified-since', fixed(seconds)];
const rfc850: Field = [
  'if-modified-since',
  ({ start }) => {
    const date = new Date(start - 3_000_000);
    const [, day, month, year, time] = date.toUTCString().split(' ');
    const weekday = date.toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' });
    return `${weekday}, ${day}-${month}-${year?.slice(2)} ${time} GMT`;
  },
];

export const ofStored = topic('conditions on what is stored', [
  answers('RFC 9110 13.1.2', 'the tag', tag, [ifNoneMatch('"v1"')], 304),
  answers('RFC 9110 13.1.2', 'another tag', tag, [ifNoneMatch('"v2"')], 200),
  answers('RFC 9110 13.1.2', 'a weak tag', [['etag', 'W/"v1"']], [ifNoneMatch('W/"v1"')], 304),
  answers('RFC 9110 8.8.3.2', 'weak, of what has a strong one', tag, [ifNoneMatch('W/"v1"')], 304),
  answers(
    'RFC 9110 8.8.3.2',
    'strong, of what has a weak one',
    [['etag', 'W/"v1"']],
    [ifNoneMatch('"v1"')],
    304,
  ),
  answers('RFC 9110 13.1.2', 'the first of several', tag, [ifNoneMatch('"v1", "a", "b"')], 304),
  answers('RFC 9110 13.1.2', 'the second of several', tag, [ifNoneMatch('"a", "v1", "b"')], 304),
  answers('RFC 9110 13.1.2', 'the last of several', tag, [ifNoneMatch('"a","b" ,W/"v1"')], 304),
  answers('RFC 9110 13.1.2', 'none of several', tag, [ifNoneMatch('"a", "b"')], 200),
  answers('RFC 9110 5.3', 'on a second line', tag, [ifNoneMatch('"a"'), ifNoneMatch('"v1"')], 304),
  answers('RFC 9110 13.1.2', '*', tag, [ifNoneMatch('*')], 304),
  answers(
    'RFC 9110 8.8.3',
    'a comma within a tag',
    [['etag', '"a,b"']],
    [ifNoneMatch('"x", "a,b"')],
    304,
  ),
  answers(
    'RFC 9110 8.8.3',
    'a part of a tag with a comma',
    [['etag', '"a,b"']],
    [ifNoneMatch('"b"')],
    200,
  ),
  answers(
    'RFC 9110 8.8.3.2',
    'tags are compared letter by letter',
    tag,
    [ifNoneMatch('"V1"')],
    200,
  ),
  answers('RFC 9110 13.1.3', 'the date', modified, [since(-3000)], 304),
  answers('RFC 9110 13.1.3', 'a later date', modified, [since(-2000)], 304),
  answers('RFC 9110 13.1.3', 'an earlier date', modified, [since(-4000)], 200),
  answers('RFC 9110 5.6.7', 'the date as in RFC 850', modified, [rfc850], 304),
  answers(
    'RFC 9110 13.1.3',
    'an invalid date',
    modified,
    [['if-modified-since', 'yesterday']],
    200,
  ),
  answers(
    'RFC 9111 4.3.2',
    'a date for what has none: Date counts',
    [['date', fixed(-10)]],
    [since(-10)],
    304,
  ),
  answers('RFC 9111 4.3.2', 'a date before its Date', [['date', fixed(-10)]], [since(-11)], 200),
  answers(
    'RFC 9110 13.2.2',
    'the tag goes before the date, when it holds',
    [...tag, ...modified],
    [ifNoneMatch('"v1"'), since(-9000)],
    304,
  ),
  answers(
    'RFC 9110 13.2.2',
    'the tag goes before the date, when it does not',
    [...tag, ...modified],
    [ifNoneMatch('"v2"'), since(-3000)],
    200,
  ),
  {
    section: 'RFC 9110 15.4.5',
    name: 'a 304 has the fields that tell what it is of, and no others of the body',
    steps: [
      {
        origin: {
          headers: cc(
            'max-age=60',
            ...tag,
            ['vary', 'Foo'],
            ['expires', fixed(90)],
            ['content-location', '/b'],
            ['content-type', 'text/css'],
            ['content-language', 'de'],
          ),
        },
      },
      {
        wait: 5,
        request: { headers: [ifNoneMatch('"v1"')] },
        expect: {
          from: 'store',
          status: 304,
          headers: {
            etag: '"v1"',
            'cache-control': 'max-age=60',
            vary: 'Foo',
            expires: fixed(90),
            'content-location': '/b',
            date: fixed(0),
            age: '5',
            'content-type': null,
            'content-language': null,
            'content-length': null,
          },
        },
      },
    ],
  },
  {
    section: 'RFC 9110 13.1.2',
    name: 'HEAD is answered by 304 as well',
    steps: [
      { origin: { headers: cc('max-age=60', ...tag) } },
      {
        request: { method: 'HEAD', headers: [ifNoneMatch('"v1"')] },
        expect: { from: 'store', status: 304 },
      },
    ],
  },
  {
    section: 'RFC 9110 13.2.1',
    name: 'of a 404 they are ignored',
    steps: [
      { origin: { status: 404, headers: cc('max-age=60', ...tag) } },
      { request: { headers: [ifNoneMatch('"v1"')] }, expect: { from: 'store', status: 404 } },
    ],
  },
]);

const onMiss = (name: string, condition: Field, status: 200 | 304): Case => ({
  section: 'RFC 9111 4.3.2',
  name: `nothing stored, ${name}: the whole is loaded and stored, and the client gets ${status}`,
  steps: [
    {
      request: { headers: [condition] },
      origin: { headers: cc('max-age=60', ...tag, ...modified), body: 'whole' },
      expect: {
        status,
        body: status === 304 ? '' : 'whole',
        headers: { etag: '"v1"' },
        sent: { [condition[0]]: null },
      },
    },
    { request: {}, expect: { from: 'store', status: 200, body: 'whole' } },
  ],
});

const passedOn = (field: Field): Case => ({
  section: 'RFC 9111 4.3.2',
  name: `${field[0]} is not for a cache: it goes to the origin, and what comes of it is nobody else's`,
  steps: [
    { origin: { headers: cc('max-age=60', ...tag) } },
    {
      request: { headers: [field] },
      origin: { status: 412, headers: cc('max-age=60') },
      expect: { sent: { [field[0]]: field[1] } },
    },
    { request: {}, expect: { from: 'store', of: 1 } },
  ],
});

export const forwarded = topic('conditions on what is not stored', [
  onMiss('If-None-Match that holds', ifNoneMatch('"v1"'), 304),
  onMiss('If-None-Match that does not', ifNoneMatch('"v2"'), 200),
  onMiss('If-None-Match: *', ifNoneMatch('*'), 304),
  onMiss('If-Modified-Since that holds', since(-3000), 304),
  onMiss('If-Modified-Since that does not', since(-4000), 200),
  passedOn(['if-match', '"v2"']),
  passedOn(['if-unmodified-since', fixed(-9000)]),
  {
    section: 'RFC 9110 13.1.1',
    name: 'If-Match with nothing stored: a 412 is not stored',
    steps: [
      {
        request: { headers: [['if-match', '"v2"']] },
        origin: { status: 412, headers: cc('max-age=60') },
        expect: { sent: { 'if-match': '"v2"' } },
      },
      { request: {}, origin: { headers: cc('max-age=60') } },
      { expect: { from: 'store' } },
    ],
  },
  {
    section: 'RFC 9110 13.2.1',
    name: 'conditions of an unsafe method go to the origin',
    steps: [
      {
        request: { method: 'PUT', body: 'x', headers: [['if-match', '"v1"'], ifNoneMatch('"v2"')] },
        origin: { status: 412 },
        expect: { sent: { 'if-match': '"v1"', 'if-none-match': '"v2"' } },
      },
    ],
  },
  {
    section: 'RFC 9111 4.3',
    name: 'of what is known not to be storable they go to the origin, and its 304 to this client alone [trap:odd-statuses]',
    steps: [
      { origin: { headers: cc('no-store', ...tag) } },
      {
        request: { headers: [ifNoneMatch('"v1"')] },
        origin: { headers: cc('no-store', ...tag), notModified: cc('no-store', ...tag) },
        expect: { status: 304, body: '', sent: { 'if-none-match': '"v1"' } },
      },
      { request: {} },
    ],
  },
  {
    section: 'RFC 9111 4.3.2',
    name: 'an answer that may not be stored is compared too',
    steps: [
      {
        request: { headers: [ifNoneMatch('"v1"')] },
        origin: { headers: cc('private, max-age=60', ...tag) },
        expect: { status: 304, body: '' },
      },
    ],
  },
]);
