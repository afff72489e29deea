import { cc, topic, type Case, type Fields, type Step } from '../../support/http-case.ts';

const ask = (headers: Readonly<Record<string, string>> = {}): Pick<Step, 'request'> => ({
  request: { headers: Object.entries(headers) },
});
const vary = (names: string): Fields => cc('max-age=60', ['vary', names]);
const stored = (of: number) => ({ expect: { from: 'store', of } }) as const;

export const counted = topic('what a tenant has responses vary by', [
  {
    section: 'vary.allow',
    name: 'what varies by another field is not stored',
    policy: { vary: { allow: ['accept-language'] } },
    steps: [
      { origin: { headers: vary('Accept-Language, X-Made-Up') } },
      { expect: { cacheStatus: { stored: null, detail: 'vary' } } },
    ],
  },
  {
    section: 'vary.allow',
    name: 'what varies by a field that is allowed is',
    policy: { vary: { allow: ['accept-language'] } },
    steps: [
      { ...ask({ 'accept-language': 'de' }), origin: { headers: vary('Accept-Language') } },
      { ...ask({ 'accept-language': 'fr' }) },
      { ...ask({ 'accept-language': 'de' }), ...stored(1) },
    ],
  },
  {
    section: 'vary.drop',
    name: 'what is dropped does not count [trap:cache-busting]',
    policy: { vary: { drop: ['user-agent'] } },
    steps: [
      { ...ask({ 'user-agent': 'a' }), origin: { headers: vary('User-Agent') } },
      { ...ask({ 'user-agent': 'b' }), ...stored(1) },
    ],
  },
  {
    section: 'vary.drop',
    name: 'the client’s address counts all the same, because the origin is told it [trap:vary]',
    policy: { vary: { drop: ['x-*'] } },
    steps: [
      {
        ...ask({ 'cf-connecting-ip': '192.0.2.1', 'x-made-up': 'a' }),
        origin: { headers: vary('X-Forwarded-For') },
        expect: {
          sent: { 'x-forwarded-for': '192.0.2.1', 'x-made-up': null },
          cacheStatus: { stored: null, detail: 'vary' },
        },
      },
      { ...ask({ 'cf-connecting-ip': '192.0.2.2' }) },
    ],
  },
  {
    section: 'vary.drop',
    name: 'nor what a 304 says of it',
    policy: { vary: { drop: ['user-agent'] } },
    steps: [
      {
        ...ask({ 'user-agent': 'a' }),
        origin: {
          headers: cc('max-age=10', ['etag', '"a"']),
          notModified: [...vary('User-Agent'), ['etag', '"a"']],
        },
      },
      { wait: 10, ...ask({ 'user-agent': 'b' }), expect: { from: 'validated' } },
      { ...ask({ 'user-agent': 'c' }), ...stored(1) },
    ],
  },
]);

const one = { origin: 'https://one.example' };
const two = { origin: 'https://two.example' };
const allowing = (origin: string): Fields =>
  cc('max-age=60', ['access-control-allow-origin', origin], ['etag', '"a"']);

export const origins = topic('Access-Control-Allow-Origin without Vary [trap:redirects-cors]', [
  {
    section: 'CORS',
    name: 'one page’s permission is not handed to another, nor to a request without Origin',
    steps: [
      { ...ask(one), origin: { headers: allowing('https://one.example') } },
      { ...ask(two), origin: { headers: allowing('https://two.example') } },
      { ...ask(one), ...stored(1) },
      {
        ...ask(two),
        expect: {
          from: 'store',
          of: 2,
          headers: { 'access-control-allow-origin': 'https://two.example', vary: null },
        },
      },
      { ...ask() },
    ],
  },
  {
    section: 'CORS',
    name: 'a permission for all is for all',
    steps: [
      { ...ask(one), origin: { headers: allowing('*') } },
      { ...ask(two), ...stored(1) },
    ],
  },
  {
    section: 'CORS',
    name: 'a permission that comes with a 304 is that page’s alone [trap:vary-304]',
    steps: [
      {
        origin: {
          headers: cc('max-age=10', ['etag', '"a"']),
          notModified: allowing('https://one.example'),
        },
      },
      { wait: 10, ...ask(one), expect: { from: 'validated' } },
      { ...ask(one), ...stored(1) },
      {
        ...ask(two),
        origin: { headers: allowing('https://two.example') },
        expect: { headers: { 'access-control-allow-origin': 'https://two.example' } },
      },
    ],
  },
]);

const languages = ['aa', 'bb', 'cc'];

export const capped = topic('a tenant’s cap on variants [trap:cache-busting]', [
  {
    section: 'maxVariants',
    name: 'the oldest makes room',
    policy: { maxVariants: 2 },
    steps: [
      ...languages.map((x): Step => ({ ...ask({ x }), origin: { headers: vary('X') } })),
      { ...ask({ x: 'cc' }), ...stored(3) },
      { ...ask({ x: 'bb' }), ...stored(2) },
      { ...ask({ x: 'aa' }), expect: { cacheStatus: { fwd: 'vary-miss', stored: true } } },
      { ...ask({ x: 'bb' }), expect: { cacheStatus: { fwd: 'vary-miss' } } },
    ],
  },
  {
    section: 'maxVariants',
    name: 'of one',
    policy: { maxVariants: 1 },
    steps: [
      { ...ask({ x: 'aa' }), origin: { headers: vary('X') } },
      { ...ask({ x: 'aa' }), ...stored(1) },
      { ...ask({ x: 'bb' }) },
      { ...ask({ x: 'bb' }), ...stored(3) },
      { ...ask({ x: 'aa' }) },
    ],
  },
]);

const loop = (name: string, location: Fields[number][1], from: 'origin' | 'store'): Case => ({
  section: 'RFC 9110 15.4',
  name,
  steps: [
    { origin: { status: 301, headers: cc('max-age=60', ['location', location]) } },
    {
      expect: { from, ...(from === 'origin' ? { cacheStatus: { detail: 'redirect-loop' } } : {}) },
    },
  ],
});

export const redirects = topic('redirects that lead back [trap:redirects-cors]', [
  loop('to itself', ({ path, host }) => `https://${host}${path}`, 'origin'),
  loop('to itself, without a host', ({ path }) => path, 'origin'),
  loop('to itself by http', ({ path, host }) => `http://${host}${path}`, 'origin'),
  loop('elsewhere', ({ path }) => `${path}/`, 'store'),
]);
