import {
  cc,
  rows,
  topic,
  type Fields,
  type OriginAnswer,
  type Step,
} from '../../support/http-case.ts';

const whole = '0123456789';
const range = (field: string, ...more: Fields): Pick<Step, 'request'> => ({
  request: { headers: [['range', field], ...more] },
});
const tag: Fields = [['etag', '"v1"']];
const stored = { headers: cc('max-age=60', ...tag), body: whole };
const part = (first: number, last: number, etag = '"v1"'): OriginAnswer => ({
  status: 206,
  headers: cc('max-age=60', ['etag', etag], ['content-range', `bytes ${first}-${last}/10`]),
  body: whole.slice(first, last + 1),
});
const got = (field: string, body: string, contentRange: string): Step => ({
  ...range(field),
  expect: { from: 'store', of: 1, status: 206, body, headers: { 'content-range': contentRange } },
});

export const parts = topic('what comes from the origin in parts [trap:range]', [
  {
    section: 'RFC 9111 3.3',
    name: 'a part is reused for itself and for what is within it',
    steps: [
      {
        ...range('bytes=-6'),
        origin: part(4, 9),
        expect: { sent: { range: 'bytes=-6' }, headers: { 'content-range': 'bytes 4-9/10' } },
      },
      got('bytes=-6', '456789', 'bytes 4-9/10'),
      got('bytes=6-8', '678', 'bytes 6-8/10'),
      got('bytes=6-', '6789', 'bytes 6-9/10'),
      got('bytes=-1', '9', 'bytes 9-9/10'),
    ],
  },
  {
    section: 'RFC 9111 3.3',
    name: 'what is not within it is asked for',
    steps: [
      { ...range('bytes=4-9'), origin: part(4, 9) },
      { ...range('bytes=2-5'), origin: part(2, 5), expect: { sent: { range: 'bytes=2-5' } } },
    ],
  },
  {
    section: 'RFC 9111 3.3',
    name: 'a part is never an answer to who wants the whole',
    steps: [
      { ...range('bytes=0-4'), origin: part(0, 4) },
      {
        request: {},
        origin: [
          { headers: stored.headers, body: whole },
          { ...part(5, 9), to: 'range' },
        ],
        expect: { from: 'forwarded', status: 200, body: whole, headers: { 'content-range': null } },
      },
      { request: {}, expect: { from: 'store', body: whole, status: 200 } },
    ],
  },
  {
    section: 'RFC 9111 3.4',
    name: 'parts of two versions are not put together',
    steps: [
      { ...range('bytes=0-4'), origin: part(0, 4) },
      {
        request: {},
        origin: [
          { headers: cc('max-age=60', ['etag', '"v2"']), body: 'ABCDEFGHIJ' },
          {
            to: 'range',
            status: 206,
            headers: cc('max-age=60', ['etag', '"v2"'], ['content-range', 'bytes 5-9/10']),
            body: 'FGHIJ',
          },
          { to: 'if-range', headers: cc('max-age=60', ['etag', '"v2"']), body: 'ABCDEFGHIJ' },
        ],
        expect: { from: 'forwarded', status: 200, body: 'ABCDEFGHIJ' },
      },
    ],
  },
  {
    section: 'RFC 9111 4.2',
    name: 'a stale part is not reused',
    steps: [
      { ...range('bytes=0-4'), origin: part(0, 4) },
      { ...range('bytes=0-4'), wait: 60 },
    ],
  },
  {
    section: 'RFC 9111 4.4',
    name: 'a part is gone with its resource',
    steps: [
      { ...range('bytes=0-4'), origin: part(0, 4) },
      { request: { method: 'DELETE' }, origin: { status: 204 } },
      { ...range('bytes=0-4'), origin: part(0, 4) },
    ],
  },
  {
    section: 'issue 5',
    name: 'a part is gone with a purge of its URL',
    steps: [
      { ...range('bytes=0-4'), origin: part(0, 4) },
      { ...range('bytes=0-4'), purge: 'hard' },
    ],
  },
  {
    section: 'RFC 9111 4.1',
    name: 'a part of one variant is not reused for another',
    steps: [
      {
        ...range('bytes=0-4', ['foo', '1']),
        origin: {
          ...part(0, 4),
          headers: cc('max-age=60', ['vary', 'Foo'], ...tag, ['content-range', 'bytes 0-4/10']),
        },
      },
      { ...range('bytes=0-4', ['foo', '2']) },
    ],
  },
  ...rows('RFC 9111 3', [
    [
      'a part that is private is not stored',
      {
        status: 206,
        headers: cc('private, max-age=60', ['content-range', 'bytes 0-1/10']),
        body: '01',
      },
      'origin',
      range('bytes=0-1'),
    ],
    [
      'a part that does not say which is not stored',
      { status: 206, headers: cc('max-age=60'), body: '01' },
      'origin',
      range('bytes=0-1'),
    ],
    ['a 206 that nobody asked for is not stored', part(0, 1), 'origin'],
  ]),
  {
    section: 'RFC 9110 14.2',
    name: 'an origin that sends the whole: it is stored whole',
    steps: [
      { ...range('bytes=0-1'), origin: stored, expect: { from: 'forwarded' } },
      { request: {}, expect: { from: 'store', status: 200, body: whole } },
      { ...range('bytes=2-3'), expect: { from: 'store', status: 206, body: '23' } },
    ],
  },
  {
    section: 'RFC 9110 15.5.17',
    name: 'a 416 is no answer to anybody else',
    steps: [
      {
        ...range('bytes=50-'),
        origin: { status: 416, headers: cc('max-age=60', ['content-range', 'bytes */10']) },
      },
      { request: {}, origin: stored },
      { request: {}, expect: { from: 'store' } },
    ],
  },
]);
