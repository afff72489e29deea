import {
  cc,
  topic,
  type Case,
  type Expected,
  type Fields,
  type Step,
} from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
const down: Step['origin'] = { drop: true };
const gone = { from: 'gateway', asked: 1 } as const;

/** Something is stored for ten seconds; then the origin fails. */
const failing = (
  section: string,
  name: string,
  control: string,
  wait: number,
  origin: Step['origin'],
  expect: Expected,
): Case => ({
  section,
  name,
  steps: [{ origin: { headers: cc(control) } }, { wait, ...(origin ? { origin } : {}), expect }],
});
const served: Expected = { from: 'instead', of: 1, headers: { warning: null } };

export const whileRevalidating = topic('stale-while-revalidate [trap:stale-windows]', [
  {
    section: 'RFC 5861 3',
    name: 'within the window it is served at once, and refreshed behind the answer',
    steps: [
      { origin: { headers: cc('max-age=10, stale-while-revalidate=60') } },
      {
        wait: 20,
        expect: { from: 'store', asked: 1, headers: { age: '20' }, cacheStatus: { ttl: -10 } },
      },
      { expect: { from: 'store', body: 'the answer of step 2', headers: { age: '0' } } },
    ],
  },
  {
    section: 'RFC 5861 3',
    name: 'the window counts from staleness, and ends',
    steps: [{ origin: { headers: cc('max-age=10, stale-while-revalidate=60') } }, { wait: 70 }],
  },
  {
    section: 'RFC 5861 3',
    name: 'its last second',
    steps: [
      { origin: { headers: cc('max-age=10, stale-while-revalidate=60') } },
      { wait: 69, expect: { from: 'store', asked: 1 } },
    ],
  },
  {
    section: 'RFC 5861 3, RFC 9111 4.3',
    name: 'the refresh is conditional, and its 304 makes it fresh anew',
    steps: [
      {
        origin: {
          headers: cc('max-age=10, stale-while-revalidate=60', ...tag),
          notModified: cc('max-age=10, stale-while-revalidate=60', ...tag),
        },
      },
      { wait: 20, expect: { from: 'store', asked: 1, sent: { 'if-none-match': '"v1"' } } },
      { wait: 5, expect: { from: 'store', headers: { age: '5' } } },
    ],
  },
  {
    section: 'RFC 5861 3',
    name: 'a refresh that fails leaves what is stored to be served',
    steps: [
      { origin: { headers: cc('max-age=10, stale-while-revalidate=60') } },
      { wait: 20, origin: { status: 503 }, expect: { from: 'store', asked: 1 } },
      { wait: 30, expect: { from: 'store', asked: 1 } },
    ],
  },
  {
    section: 'RFC 5861 3',
    name: 'a refresh that brings no-store ends it',
    steps: [
      { origin: { headers: cc('max-age=10, stale-while-revalidate=60') } },
      { wait: 20, origin: { headers: cc('no-store') }, expect: { from: 'store', asked: 1 } },
      { wait: 1 },
    ],
  },
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=10', 'no-cache'].map((directive): Case => ({
    section: 'RFC 9111 4.2.4',
    name: `is no window beside what forbids it: ${directive} [trap:must-revalidate]`,
    steps: [
      { origin: { headers: cc(`max-age=10, stale-while-revalidate=60, ${directive}`) } },
      { wait: 11 },
    ],
  })),
]);

export const ifError = topic('stale-if-error [trap:stale-windows]', [
  ...[500, 502, 503, 504].map((status) =>
    failing(
      'RFC 5861 4',
      `a ${status}`,
      'max-age=10, stale-if-error=60',
      20,
      { status },
      {
        ...served,
        headers: { age: '20', warning: null },
        cacheStatus: { fwd: 'stale', 'fwd-status': status },
      },
    ),
  ),
  ...[400, 404, 410, 501].map((status) =>
    failing(
      'RFC 5861 4',
      `a ${status} is an answer, not an error`,
      'max-age=10, stale-if-error=60',
      20,
      { status },
      { from: 'forwarded', status, body: 'the answer of step 2' },
    ),
  ),
  failing('RFC 5861 4', 'no connection', 'max-age=10, stale-if-error=600', 500, down, served),
  failing(
    'RFC 5861 4',
    'past the window: the 503',
    'max-age=10, stale-if-error=60',
    70,
    { status: 503 },
    {},
  ),
  failing(
    'RFC 5861 4',
    'past the window: no connection',
    'max-age=10, stale-if-error=60',
    71,
    down,
    {
      ...gone,
      status: 502,
    },
  ),
  failing(
    'RFC 5861 4',
    'a body that breaks off',
    'max-age=10, stale-if-error=60',
    20,
    { headers: cc('max-age=10'), breakAfter: 0 },
    {
      from: 'any',
      status: 200,
      body: 'the answer of step 1',
    },
  ),
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=10'].map((directive) =>
    failing(
      'RFC 9111 4.2.4',
      `${directive} forbids it`,
      `max-age=10, stale-if-error=60, ${directive}`,
      20,
      { status: 503 },
      {},
    ),
  ),
  {
    section: 'RFC 5861 4',
    name: 'it can be validated again once the origin is back',
    steps: [
      { origin: { headers: cc('max-age=10, stale-if-error=600', ...tag) } },
      { wait: 20, origin: { status: 503 }, expect: { from: 'instead' } },
      {
        wait: 20,
        origin: { headers: tag, notModified: cc('max-age=10', ...tag) },
        expect: { from: 'validated' },
      },
    ],
  },
]);

export const disconnected = topic('an origin that is not there', [
  failing('RFC 9111 4.2.4', 'what is stale since a moment is served', 'max-age=10', 20, down, {
    ...served,
    headers: { age: '20', warning: null },
  }),
  failing('RFC 9111 4.2.4', 'what is stale for a minute is not', 'max-age=10', 71, down, {
    ...gone,
    status: 502,
  }),
  failing(
    'RFC 9111 4.2.4',
    'a 503 is an answer: it is passed on',
    'max-age=10',
    20,
    { status: 503 },
    {},
  ),
  {
    section: 'RFC 9111 5.2.2.2',
    name: 'must-revalidate, of what is kept to be validated [trap:must-revalidate]',
    steps: [
      { origin: { headers: cc('max-age=10, must-revalidate', ...tag) } },
      { wait: 11, origin: { drop: true }, expect: { ...gone, status: 504 } },
    ],
  },
  {
    section: 'RFC 9111 5.2.2.8',
    name: 'proxy-revalidate, of what is kept to be validated',
    steps: [
      { origin: { headers: cc('max-age=10, proxy-revalidate', ...tag) } },
      { wait: 11, origin: { drop: true }, expect: { ...gone, status: 504 } },
    ],
  },
  {
    section: 'RFC 9111 5.2.2.10',
    name: 's-maxage, of what is kept to be validated [trap:must-revalidate]',
    steps: [
      { origin: { headers: cc('max-age=10, s-maxage=10', ...tag) } },
      { wait: 11, origin: { drop: true }, expect: { ...gone, status: 504 } },
    ],
  },
  {
    section: 'RFC 9111 5.2.2.4',
    name: 'no-cache',
    steps: [
      { origin: { headers: cc('max-age=10, no-cache', ...tag) } },
      { wait: 1, origin: { drop: true }, expect: { ...gone, status: 504 } },
    ],
  },
  {
    section: 'RFC 9110 15.6.3',
    name: 'nothing stored: a 502 that is not stored',
    steps: [
      { origin: { drop: true }, expect: { ...gone, status: 502 } },
      { wait: 10, origin: { headers: cc('max-age=10') } },
    ],
  },
]);
