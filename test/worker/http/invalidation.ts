import { cc, topic, type Case, type Value } from '../../support/http-case.ts';

const fresh = { headers: cc('max-age=600') };
const SPEC = 'RFC 9111 4.4';

/** Something is stored; then a method is answered with a status: is it still there? */
const after = (method: string, status: number, from: 'store' | 'origin'): Case => ({
  section: SPEC,
  name: `${method} answered by ${status} ${from === 'store' ? 'changes nothing' : 'ends what is stored'}`,
  steps: [
    { origin: fresh },
    {
      request: { method, ...(method === 'POST' || method === 'PUT' ? { body: 'x' } : {}) },
      origin: { status },
    },
    { request: {}, origin: fresh, expect: { from } },
  ],
});

/** POST is answered with a field that names another resource, `/other`, which is stored. */
const naming = (
  name: string,
  field: 'location' | 'content-location',
  value: Value,
  from: 'store' | 'origin',
  status = 201,
): Case => ({
  section: SPEC,
  name: `${field}: ${name} ${from === 'store' ? 'is left alone' : 'is invalidated too'}`,
  steps: [
    { request: { path: '/other' }, origin: fresh },
    { request: { method: 'POST', body: 'x' }, origin: { status, headers: [[field, value]] } },
    { request: { path: '/other' }, origin: fresh, expect: { from } },
  ],
});
const path: Value = (moment) => `${moment.path}/other`;
const url: Value = (moment) => `https://${moment.host}${moment.path}/other`;
const relative: Value = (moment) => `${moment.path.slice(1)}/other#part`;

export const methods = topic('what ends what is stored [trap:unsafe-methods]', [
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'MKCOL'].map((method) => after(method, 200, 'origin')),
  ...[201, 204, 299, 302, 303].map((status) => after('POST', status, 'origin')),
  ...[400, 403, 404, 409, 500, 503].map((status) => after('POST', status, 'store')),
  after('PUT', 500, 'store'),
  after('DELETE', 404, 'store'),
  ...['OPTIONS', 'PROPFIND', 'SEARCH'].map((method) => after(method, 200, 'store')),
  {
    section: SPEC,
    name: 'an unsafe method whose answer is lost may have been carried out',
    steps: [
      { origin: fresh },
      {
        request: { method: 'POST', body: 'x' },
        origin: { drop: true },
        expect: { from: 'broken' },
      },
      { request: {}, origin: fresh },
    ],
  },
  {
    section: SPEC,
    name: 'it is the URL with its query that is ended, and no other',
    steps: [
      { request: { path: '?a=1' }, origin: fresh },
      { request: { path: '?a=2' } },
      { request: { method: 'POST', path: '?a=1', body: 'x' }, origin: {} },
      { request: { path: '?a=2' }, expect: { from: 'store', of: 2 } },
      { request: { path: '?a=1' }, origin: fresh },
    ],
  },
  {
    section: SPEC,
    name: 'another isolate does not serve it either',
    steps: [
      { origin: fresh },
      { isolate: 'new', expect: { from: 'store' } },
      { request: { method: 'DELETE' }, origin: { status: 204 } },
      { request: {}, isolate: 'new', origin: fresh },
    ],
  },
  {
    section: SPEC,
    name: 'what comes after is stored again',
    steps: [
      { origin: fresh },
      { request: { method: 'PUT', body: 'x' }, origin: {} },
      { request: {}, origin: fresh },
      { expect: { from: 'store' } },
    ],
  },
]);

export const locations = topic('what else an unsafe method ends [trap:unsafe-methods]', [
  ...(['location', 'content-location'] as const).flatMap((field) => [
    naming('a path', field, path, 'origin'),
    naming('a whole URL', field, url, 'origin'),
    naming('a relative path with a fragment', field, relative, 'origin'),
    naming('a path, after an error', field, path, 'store', 500),
    naming('a path, after a 404', field, path, 'store', 404),
    naming('another host', field, (m) => `https://other.test${m.path}/other`, 'store'),
    naming('another scheme', field, (m) => `http://${m.host}${m.path}/other`, 'store'),
    naming('another port', field, (m) => `https://${m.host}:8443${m.path}/other`, 'store'),
    naming('what is no URL', field, 'https://', 'store'),
  ]),
  {
    section: SPEC,
    name: 'the same fields on the answer to GET end nothing',
    steps: [
      { request: { path: '/other' }, origin: fresh },
      {
        request: {},
        origin: {
          headers: [
            ['content-location', path],
            ['location', path],
          ],
        },
      },
      { request: { path: '/other' }, expect: { from: 'store', of: 1 } },
    ],
  },
  {
    section: SPEC,
    name: 'every variant of the other resource',
    steps: [
      {
        request: { path: '/other', headers: [['foo', '1']] },
        origin: { headers: cc('max-age=600', ['vary', 'Foo']) },
      },
      { request: { path: '/other', headers: [['foo', '2']] } },
      { request: { method: 'PUT', body: 'x' }, origin: { headers: [['content-location', path]] } },
      {
        request: { path: '/other', headers: [['foo', '1']] },
        origin: { headers: cc('max-age=600', ['vary', 'Foo']) },
      },
      { request: { path: '/other', headers: [['foo', '2']] } },
    ],
  },
  {
    section: 'RFC 9875 3',
    name: 'the groups that it names',
    steps: [
      {
        request: { path: '/other' },
        origin: { headers: cc('max-age=600', ['cache-groups', '"g"']) },
      },
      {
        request: { method: 'POST', body: 'x' },
        origin: { headers: [['cache-group-invalidation', '"g"']] },
      },
      { request: { path: '/other' }, origin: fresh },
    ],
  },
]);
