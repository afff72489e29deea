import {
  cc,
  topic,
  type Case,
  type Fields,
  type Moment,
  type Value,
} from '../../support/http-case.ts';
import { httpCases } from '../../support/http-cases.ts';

const by = (origin: string): Fields => [['origin', origin]];
const allows = (value: string, ...more: Fields): Fields =>
  cc('max-age=60', ['access-control-allow-origin', value], ...more);
const A = 'https://a.test';
const B = 'https://b.test';

/** One page asks, and then another one. */
const shared = (
  name: string,
  first: Fields,
  answer: Fields,
  second: Fields,
  from: 'store' | 'origin',
  policy: Case['policy'] = {},
): Case => ({
  section: 'Fetch, CORS protocol and HTTP caches',
  name,
  policy,
  steps: [
    { request: { headers: first }, origin: { headers: answer } },
    { request: { headers: second }, expect: { from } },
  ],
});

httpCases(
  topic('an answer for one Origin is none for another [trap:redirects-cors]', [
    shared('another page', by(A), allows(A), by(B), 'origin'),
    shared('no page', by(A), allows(A), [], 'origin'),
    shared('a page after none', [], allows(A), by(B), 'origin'),
    shared('the same page', by(A), allows(A), by(A), 'store'),
    shared(
      'with credentials',
      by(A),
      allows(A, ['access-control-allow-credentials', 'true']),
      by(B),
      'origin',
    ),
    shared('null', by('null'), allows('null'), by(B), 'origin'),
    shared('and it says so itself', by(A), allows(A, ['vary', 'Origin']), by(B), 'origin'),
    shared('*, which is for all', by(A), allows('*'), by(B), 'store'),
    shared('nothing of the kind', by(A), cc('max-age=60'), by(B), 'store'),
    {
      section: 'Fetch, CORS protocol and HTTP caches',
      name: 'both are stored beside one another',
      steps: [
        { request: { headers: by(A) }, origin: { headers: allows(A) } },
        { request: { headers: by(B) }, origin: { headers: allows(B) } },
        {
          request: { headers: by(A) },
          expect: { from: 'store', of: 1, headers: { 'access-control-allow-origin': A } },
        },
        {
          request: { headers: by(B) },
          expect: { from: 'store', of: 2, headers: { 'access-control-allow-origin': B } },
        },
      ],
    },
  ]),
);

/** A redirect to somewhere, and then somebody else asks. */
const redirected = (name: string, location: Value, from: 'store' | 'origin'): Case => ({
  section: 'RFC 9110 15.4',
  name,
  steps: [301, 302, 307, 308].flatMap((status) => [
    {
      request: { path: `/${status}` },
      origin: { status, headers: cc('max-age=60', ['location', location]) },
    },
    { request: { path: `/${status}` }, expect: { from } },
  ]),
});
const own =
  (scheme: string, port = ''): Value =>
  ({ host, path }) =>
    `${scheme}://${host}${port}${path}`;

httpCases(
  topic('redirects that are stored lead somewhere [trap:redirects-cors]', [
    redirected('to another host', 'https://elsewhere.test/', 'store'),
    redirected('to another path', ({ path }) => `${path}/elsewhere`, 'store'),
    redirected('to a parent', own('https'), 'store'),
    {
      section: 'RFC 9110 15.4',
      name: 'not one to its own URL, by whatever scheme or spelling',
      steps: [
        own('https'),
        own('http'),
        own('https', ':443'),
        ({ path }: Moment) => path,
        '#there',
      ].flatMap((location: Value) => [
        { origin: { status: 301, headers: cc('max-age=60', ['location', location]) } },
      ]),
    },
  ]),
);
