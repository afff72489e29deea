import { cc, fixed, topic, type Case, type Fields, type Step } from '../../support/http-case.ts';

const ask = (headers: Readonly<Record<string, string>> = {}): Pick<Step, 'request'> => ({
  request: { headers: Object.entries(headers) },
});
const varies = (name: string): Fields => cc('max-age=60', ['vary', name]);
const kept = (vary: Fields, tag: string): Fields => [...vary, ['etag', `"${tag}"`]];
const short = cc('max-age=10', ['vary', 'Accept-Language']);
const [de, fr] = ['de', 'fr'].map((one) => ask({ 'accept-language': one }));

export const several = topic('several variants [trap:vary]', [
  {
    section: 'RFC 9111 4.1',
    name: 'they are stored beside one another, and found from another isolate too',
    steps: [
      { ...de, origin: { headers: varies('Accept-Language') } },
      { ...fr },
      { ...de, expect: { from: 'store', of: 1 } },
      { ...fr, expect: { from: 'store', of: 2 } },
      { ...de, isolate: 'new', expect: { from: 'store', of: 1 } },
      { ...fr, isolate: 'new', expect: { from: 'store', of: 2 } },
    ],
  },
  {
    section: 'RFC 9111 4.3.1',
    name: 'a stale one is validated with its own tag, and the origin gets the selecting field [trap:vary-304]',
    steps: [
      { ...de, origin: { headers: kept(short, 'd') } },
      { ...fr, origin: { headers: kept(short, 'f') } },
      {
        ...fr,
        wait: 11,
        origin: { headers: kept(short, 'f'), notModified: kept(short, 'f') },
        expect: {
          from: 'validated',
          of: 2,
          sent: { 'if-none-match': '"f"', 'accept-language': 'fr' },
        },
      },
      { ...fr, expect: { from: 'store', of: 2 } },
      {
        ...de,
        origin: { headers: kept(short, 'd') },
        expect: { sent: { 'if-none-match': '"d"' } },
      },
    ],
  },
  {
    section: 'RFC 9111 4.3.1',
    name: 'a request for one that is not stored is not answered by another',
    steps: [
      { ...de, origin: { headers: kept(short, 'd') } },
      { ...fr, wait: 11, origin: { headers: kept(short, 'f'), notModified: kept(short, 'f') } },
      { ...fr, expect: { from: 'store', of: 2 } },
    ],
  },
  {
    section: 'RFC 9111 4.3.2',
    name: "a client's tag is compared with the variant that it would get",
    steps: [
      { ...de, origin: { headers: kept(short, 'd') } },
      { ...fr, origin: { headers: kept(short, 'f') } },
      {
        ...ask({ 'accept-language': 'fr', 'if-none-match': '"d"' }),
        expect: { from: 'store', of: 2 },
      },
      {
        ...ask({ 'accept-language': 'fr', 'if-none-match': '"f"' }),
        expect: { from: 'store', status: 304, headers: { vary: 'Accept-Language' } },
      },
    ],
  },
  {
    section: 'RFC 9110 9.3.2',
    name: 'HEAD is answered by the variant that GET would get',
    steps: [
      { ...de, origin: { headers: kept(short, 'd') } },
      { ...fr, origin: { headers: kept(short, 'f') } },
      {
        request: { method: 'HEAD', headers: [['accept-language', 'de']] },
        expect: { from: 'store', headers: { etag: '"d"' } },
      },
    ],
  },
  ...(['hard', 'soft'] as const).map((purge): Case => ({
    section: 'RFC 9111 4.4',
    name: `a ${purge} purge of the URL counts for all of them`,
    steps: [
      { ...de, origin: { headers: varies('Accept-Language') } },
      { ...fr },
      { ...de, purge },
      { ...fr },
      { ...de, expect: { from: 'store', of: 3 } },
      { ...fr, isolate: 'new', expect: { from: 'store', of: 4 } },
    ],
  })),
  {
    section: 'RFC 9111 4.4',
    name: 'an unsafe method ends all of them',
    steps: [
      { ...de, origin: { headers: varies('Accept-Language') } },
      { ...fr },
      { request: { method: 'POST', body: 'x' }, origin: { status: 204 } },
      { ...de, origin: { headers: varies('Accept-Language') } },
      { ...fr },
    ],
  },
  {
    section: 'RFC 9111 4.1',
    name: 'a resource that varies by something else from now on',
    steps: [
      { ...ask({ foo: '1' }), origin: { headers: cc('max-age=10', ['vary', 'Foo']) } },
      { ...ask({ foo: '1', bar: '1' }), wait: 11, origin: { headers: varies('Bar') } },
      { ...ask({ foo: '1', bar: '1' }), expect: { from: 'store', of: 2 } },
      { ...ask({ foo: '1', bar: '2' }) },
    ],
  },
  {
    section: 'RFC 9111 4.1',
    name: 'a resource that begins to vary',
    steps: [
      { ...de, origin: { headers: cc('max-age=10') } },
      { ...fr, expect: { from: 'store' } },
      { ...de, wait: 11, origin: { headers: varies('Accept-Language') } },
      { ...fr },
      { ...de, expect: { from: 'store', of: 3 } },
    ],
  },
  {
    section: 'RFC 9111 4',
    name: 'a resource that stops to vary: the newest answer is what its own request gets',
    steps: [
      { ...de, origin: { headers: varies('Accept-Language') } },
      { ...fr, wait: 1, origin: { headers: cc('max-age=60') } },
      { ...fr, expect: { from: 'store', of: 2 } },
      { ...de, wait: 60 },
      { ...de, expect: { from: 'store', of: 4 } },
    ],
  },
  {
    section: 'RFC 9111 3.5',
    name: 'Vary: Authorization alone makes nothing storable',
    steps: [
      { ...ask({ authorization: 'Bearer x' }), origin: { headers: varies('Authorization') } },
      ask({ authorization: 'Bearer x' }),
    ],
  },
  {
    section: 'RFC 9111 4.3.4',
    name: 'a 304 that changes Vary does not hand one variant to the other [trap:vary-304]',
    steps: [
      {
        ...de,
        origin: { headers: cc('max-age=10', ['etag', '"d"'], ['last-modified', fixed(-99)]) },
      },
      {
        ...de,
        wait: 11,
        origin: { headers: kept(short, 'd'), notModified: kept(short, 'd') },
        expect: { from: 'validated' },
      },
      { ...fr, origin: { headers: kept(short, 'f') } },
      { ...de, expect: { from: 'store', of: 1 } },
    ],
  },
]);

export const cap = topic('the cap on variants [trap:vary] [trap:cache-busting]', [
  {
    section: 'RFC 9111 4.1',
    name: 'of seventy, the last sixty-four are served; the first ones have made room',
    steps: [
      ...Array.from({ length: 70 }, (_, n): Step => ({
        ...ask({ foo: String(n) }),
        origin: { headers: varies('Foo') },
      })),
      { ...ask({ foo: '69' }), expect: { from: 'store', of: 70 } },
      { ...ask({ foo: '6' }), expect: { from: 'store', of: 7 } },
      ask({ foo: '5' }),
      ask({ foo: '0' }),
    ],
  },
]);
