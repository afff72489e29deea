import {
  cc,
  rows,
  topic,
  type Case,
  type Fields,
  type OriginAnswer,
} from '../../support/http-case.ts';

const policy = { maxBodyBytes: 10 };
const headers = cc('max-age=60');
const tag = ['etag', '"a"'] as const;
const eleven = 'a'.repeat(11);
const ten = 'a'.repeat(10);

export const sizes = topic('a tenant’s cap on bodies [trap:oversized]', [
  ...rows('maxBodyBytes', [
    ['as large', { headers, body: ten }, 'store', { policy }],
    [
      'larger',
      { headers, body: eleven },
      'origin',
      { policy, cacheStatus: { detail: 'too-large' } },
    ],
    [
      'larger, and of unknown length',
      { headers, body: eleven, chunked: true },
      'origin',
      { policy },
    ],
    ['as large, and of unknown length', { headers, body: ten, chunked: true }, 'store', { policy }],
    [
      'larger than the deployment allows',
      { headers, body: eleven },
      'store',
      { policy: { maxBodyBytes: '1MB' } },
    ],
  ]),
  ...[false, true].map((chunked): Case => ({
    section: 'maxBodyBytes',
    name: `a refresh that brings a larger one ends what is stored${chunked ? ', of unknown length' : ''}`,
    policy,
    steps: [
      { origin: { headers: cc('max-age=10, stale-while-revalidate=60'), body: ten } },
      {
        wait: 20,
        origin: { headers, body: eleven, ...(chunked ? { chunked } : {}) },
        expect: { from: 'store', of: 1, asked: 1 },
      },
      { expect: { from: 'origin' } },
    ],
  })),
  posted('as large', ten, 'store'),
  posted('larger', eleven, 'origin'),
  part('of two parts that are larger together the later one is stored', 'bytes=0-5', 'origin'),
  part('which answers for itself', 'bytes=6-11', 'store'),
]);

/** Two parts of twelve bytes, one after the other; then a third request. */
function part(name: string, range: string, from: 'origin' | 'store'): Case {
  const of = (first: number): OriginAnswer => ({
    status: 206,
    body: eleven.slice(0, 6),
    headers: [...headers, tag, ['content-range', `bytes ${first}-${first + 5}/12`]],
  });
  return {
    section: 'maxBodyBytes',
    name,
    policy,
    steps: [
      { request: { headers: [['range', 'bytes=0-5']] }, origin: of(0) },
      { request: { headers: [['range', 'bytes=6-11']] }, origin: of(6) },
      { request: { headers: [['range', range]] }, expect: { from, status: 206, body: 'aaaaaa' } },
    ],
  };
}

/** A resource is loaded, and then a POST is answered with what it is now. */
function posted(name: string, body: string, from: 'origin' | 'store'): Case {
  const itself: Fields = [...headers, ['content-location', ({ path }) => path]];
  const stored = from === 'store' ? true : null;
  return {
    section: 'maxBodyBytes',
    name: `an answer to POST that is ${name}`,
    policy,
    steps: [
      { origin: { headers, body: ten } },
      {
        request: { method: 'POST' },
        origin: { headers: itself, body },
        expect: { cacheStatus: { fwd: 'method', stored } },
      },
      { expect: { from, body } },
    ],
  };
}
