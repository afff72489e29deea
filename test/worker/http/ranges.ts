import {
  at,
  cc,
  fixed,
  topic,
  type Case,
  type Fields,
  type Step,
} from '../../support/http-case.ts';

const whole = '0123456789';
const range = (field: string, ...more: Fields): Pick<Step, 'request'> => ({
  request: { headers: [['range', field], ...more] },
});
const tag: Fields = [['etag', '"v1"']];
const stored = { headers: cc('max-age=60', ['a', '1'], ...tag), body: whole };

/** With the whole in the store: what a range gets. */
const sliced = (
  section: string,
  name: string,
  asks: Pick<Step, 'request'>,
  wanted: readonly [status: number, body: string, contentRange: string | null],
  origin: Step['origin'] = stored,
): Case => ({
  section,
  name,
  steps: [
    { origin },
    {
      ...asks,
      expect: {
        from: 'store',
        status: wanted[0],
        body: wanted[1],
        headers: { 'content-range': wanted[2], 'content-length': String(wanted[1].length) },
      },
    },
  ],
});
const all = [200, whole, null] as const;
const SPEC = 'RFC 9110 14.1.2';

export const fromWhole = topic('a range of what is stored whole [trap:range]', [
  sliced(SPEC, 'first and last', range('bytes=0-1'), [206, '01', 'bytes 0-1/10']),
  sliced(SPEC, 'one byte', range('bytes=4-4'), [206, '4', 'bytes 4-4/10']),
  sliced(SPEC, 'no last', range('bytes=7-'), [206, '789', 'bytes 7-9/10']),
  sliced(SPEC, 'suffix', range('bytes=-1'), [206, '9', 'bytes 9-9/10']),
  sliced(SPEC, 'last past the end', range('bytes=8-99'), [206, '89', 'bytes 8-9/10']),
  sliced(SPEC, 'suffix longer than the whole', range('bytes=-99'), [206, whole, 'bytes 0-9/10']),
  sliced(SPEC, 'all of it', range('bytes=0-'), [206, whole, 'bytes 0-9/10']),
  sliced('RFC 9110 14.1', 'the unit in any case', range('Bytes=0-1'), [206, '01', 'bytes 0-1/10']),
  sliced('RFC 9110 14.1.1', 'empty list members', range('bytes= 0-1, ,'), [
    206,
    '01',
    'bytes 0-1/10',
  ]),
  ...['lines=0-1', 'bytes', 'bytes=', 'bytes=a-b', 'bytes=5-2', 'bytes=-', 'bytes 0-1', '0-1'].map(
    (field) => sliced('RFC 9110 14.2', `"${field}" is ignored`, range(field), all),
  ),
  sliced(
    'RFC 9110 17.15',
    'a thousand ranges are ignored',
    range(`bytes=${Array.from({ length: 1000 }, () => '0-1').join()}`),
    all,
  ),
  sliced('RFC 9110 14.2', 'several may be answered by the whole', range('bytes=0-1,4-5'), all),
  ...['bytes=10-', 'bytes=99-100', 'bytes=-0'].map((field): Case => ({
    section: 'RFC 9110 15.5.17',
    name: `"${field}" can't be satisfied`,
    steps: [
      { origin: stored },
      {
        ...range(field),
        expect: { from: 'any', status: 416, asked: 0, headers: { 'content-range': 'bytes */10' } },
      },
      { request: {}, expect: { from: 'store' } },
    ],
  })),
  {
    section: 'RFC 9110 14.2',
    name: 'on HEAD it is ignored',
    steps: [
      { origin: stored },
      {
        request: { method: 'HEAD', headers: [['range', 'bytes=0-1']] },
        expect: { from: 'store', headers: { 'content-range': null, 'content-length': '10' } },
      },
    ],
  },
  {
    section: 'RFC 9110 14.2',
    name: 'of a 404 it is ignored',
    steps: [
      { origin: { ...stored, status: 404 } },
      { ...range('bytes=0-1'), expect: { from: 'store', headers: { 'content-range': null } } },
    ],
  },
  {
    section: 'RFC 9110 15.3.7',
    name: 'a 206 has the fields that a 200 would have',
    steps: [
      {
        origin: {
          headers: [...stored.headers, ['vary', 'Foo'], ['content-location', '/b']],
          body: whole,
        },
      },
      {
        wait: 5,
        ...range('bytes=0-1'),
        expect: {
          from: 'store',
          status: 206,
          body: '01',
          headers: {
            a: '1',
            etag: '"v1"',
            'cache-control': 'max-age=60',
            vary: 'Foo',
            'content-location': '/b',
            date: at(-5),
            age: '5',
          },
        },
      },
    ],
  },
  {
    section: 'RFC 9111 3.4',
    name: 'of something stale is served after validation',
    steps: [
      {
        origin: {
          ...stored,
          headers: cc('max-age=10', ...tag),
          notModified: cc('max-age=10', ...tag),
        },
      },
      {
        wait: 11,
        ...range('bytes=0-1'),
        expect: { from: 'validated', status: 206, body: '01', sent: { 'if-none-match': '"v1"' } },
      },
    ],
  },
]);

const lastModified = { headers: cc('max-age=60', ['last-modified', fixed(-300)]), body: whole };
const recent = {
  headers: cc('max-age=60', ['last-modified', fixed(0)], ['date', fixed(0)]),
  body: whole,
};
const weak = { headers: cc('max-age=60', ['etag', 'W/"v1"']), body: whole };
const slice = [206, '01', 'bytes 0-1/10'] as const;
const ifRange = (value: Fields[number][1]): Pick<Step, 'request'> =>
  range('bytes=0-1', ['if-range', value]);

export const conditional = topic('If-Range, and conditions beside a range [trap:range]', [
  sliced('RFC 9110 13.1.5', 'the tag', ifRange('"v1"'), slice),
  sliced('RFC 9110 13.1.5', 'another tag', ifRange('"v2"'), all),
  sliced('RFC 9110 13.1.5', 'a weak tag never holds', ifRange('W/"v1"'), all, weak),
  sliced('RFC 9110 13.1.5', 'a weak tag of what has a strong one', ifRange('W/"v1"'), all),
  sliced('RFC 9110 13.1.5', 'a strong tag of what has a weak one', ifRange('"v1"'), all, weak),
  sliced('RFC 9110 13.1.5', 'the date', ifRange(fixed(-300)), slice, lastModified),
  sliced(
    'RFC 9110 13.1.5',
    'a later date is not the same',
    ifRange(fixed(-200)),
    all,
    lastModified,
  ),
  sliced('RFC 9110 13.1.5', 'an earlier date', ifRange(fixed(-400)), all, lastModified),
  sliced('RFC 9110 8.8.2.2', 'a date of the same second is weak', ifRange(fixed(0)), all, recent),
  sliced('RFC 9110 13.1.5', 'a date for what has none', ifRange(fixed(-300)), all),
  sliced('RFC 9110 13.1.5', 'nonsense', ifRange('v1'), all),
  {
    section: 'RFC 9110 13.2.2',
    name: 'a 304 goes before a range',
    steps: [
      { origin: stored },
      {
        ...range('bytes=0-1', ['if-none-match', '"v1"']),
        expect: { from: 'store', status: 304, headers: { 'content-range': null } },
      },
      {
        ...range('bytes=0-1', ['if-none-match', '"v2"']),
        expect: { from: 'store', status: 206, body: '01' },
      },
    ],
  },
]);
