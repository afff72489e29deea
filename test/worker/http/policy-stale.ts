import { cc, topic, type Case, type Fields, type OriginAnswer } from '../../support/http-case.ts';

const tag: Fields = [['etag', '"v1"']];
type Stale = Readonly<Record<string, string | number>>;

/** Something is stored; later the origin has another answer. */
const later = (
  name: string,
  stale: Stale,
  control: string,
  wait: number,
  origin: OriginAnswer | undefined,
  expect: NonNullable<Case['steps'][number]['expect']>,
): Case => ({
  section: 'stale',
  name,
  policy: { stale },
  steps: [{ origin: { headers: cc(control) } }, { wait, ...(origin ? { origin } : {}), expect }],
});

const unavailable: OriginAnswer = { status: 503 };
const down: OriginAnswer = { drop: true };
const refreshed = { from: 'store', of: 1, asked: 1, cacheStatus: { ttl: -10 } } as const;
const instead = { from: 'instead', of: 1 } as const;
const told = { status: 503, body: 'the answer of step 2' } as const;
const problem = { from: 'gateway', asked: 1 } as const;

export const windows = topic('a tenant’s windows for what is stale [trap:stale-windows]', [
  later('whileRevalidate', { whileRevalidate: '30s' }, 'max-age=10', 20, undefined, refreshed),
  later('whileRevalidate is over', { whileRevalidate: '30s' }, 'max-age=10', 40, undefined, {}),
  later(
    'whileRevalidate of what says less',
    { whileRevalidate: '1h' },
    'max-age=10, stale-while-revalidate=5',
    20,
    undefined,
    {},
  ),
  later(
    'whileRevalidate of what forbids it',
    { whileRevalidate: '1h' },
    'max-age=10, must-revalidate',
    20,
    undefined,
    {},
  ),
  later(
    'whileRevalidate of s-maxage, which forbids it',
    { whileRevalidate: '1h' },
    's-maxage=10',
    20,
    undefined,
    {},
  ),
  later('ifError', { ifError: '30s' }, 'max-age=10', 39, unavailable, instead),
  later('ifError is over', { ifError: '30s' }, 'max-age=10', 40, unavailable, told),
  later(
    'ifError of what says none',
    { ifError: '30s' },
    'max-age=10, stale-if-error=0',
    20,
    unavailable,
    told,
  ),
  later(
    'ifError of what forbids it',
    { ifError: '30s' },
    'max-age=10, must-revalidate',
    20,
    unavailable,
    told,
  ),
  later(
    'ifError counts without the origin as well',
    { ifError: '1h' },
    'max-age=10',
    3000,
    down,
    instead,
  ),
  later('ifUnreachable', { ifUnreachable: '1h' }, 'max-age=10', 3000, down, instead),
  later(
    'ifUnreachable is no answer to a failure that is answered',
    { ifUnreachable: '1h' },
    'max-age=10',
    20,
    unavailable,
    told,
  ),
  later('ifUnreachable of nothing', { ifUnreachable: 0 }, 'max-age=10', 20, down, problem),
  later('max', { max: '5s' }, 'max-age=10, stale-while-revalidate=600', 20, undefined, {}),
  later(
    'max of stale-if-error',
    { max: '5s' },
    'max-age=10, stale-if-error=600',
    20,
    unavailable,
    told,
  ),
  later('max of the minute without the origin', { max: '5s' }, 'max-age=10', 20, down, problem),
]);

const validating = (keep: string, wait: number, from: 'validated' | 'origin'): Case => ({
  section: 'stale',
  name: `keep of ${keep}: after ${wait} s ${from}`,
  policy: { stale: { keep, ifUnreachable: 0 } },
  steps: [
    { origin: { headers: cc('max-age=10', ...tag), notModified: cc('max-age=10', ...tag) } },
    {
      wait,
      expect: { from, ...(from === 'origin' ? { sent: { 'if-none-match': null } } : {}) },
    },
  ],
});

export const keeping = topic('how long a tenant keeps what can be validated', [
  validating('20s', 29, 'validated'),
  validating('20s', 30, 'origin'),
  validating('3h', 7200, 'validated'),
]);
