import { at, cc, topic, type Case, type Fields } from '../../support/http-case.ts';

/** The answer carries a field: whether it is passed on, and stored. */
const passes = (section: string, name: string, value: string, kept: boolean): Case => {
  const headers = { [name]: kept ? value : null };
  return {
    section,
    name: `${name} is ${kept ? 'stored and' : 'neither stored nor'} passed on`,
    steps: [
      { origin: { headers: cc('max-age=60', [name, value]) }, expect: { headers } },
      { expect: { from: 'store', headers } },
    ],
  };
};

const kept: Readonly<Record<string, string>> = {
  'test-header': 'a',
  'x-test-header': 'a',
  'content-foo': 'a',
  'x-content-foo': 'a',
  'content-location': '/bar',
  'content-md5': 'N7UdGUp1E+RbVvZSTy1R8g==',
  'content-range': 'nonsense',
  'content-security-policy': "default-src 'self'",
  'content-type': 'text/plain;charset=utf-8',
  'content-language': 'de, en',
  'content-disposition': 'attachment; filename=a.txt',
  'clear-site-data': '"cookies"',
  'content-encoding': 'x-unknown',
  etag: '"abc"',
  expires: 'Mon, 11 Jan 2038 11:11:11 GMT',
  'last-modified': 'Wed, 01 Jan 2020 00:00:00 GMT',
  link: '</style.css>; rel=preload, </b.css>; rel=preload',
  location: '/elsewhere',
  'public-key-pins': 'max-age=1',
  server: 'origin/1',
  'set-cookie2': 'a=c',
  'strict-transport-security': 'max-age=31536000',
  'x-frame-options': 'sameorigin',
  'x-xss-protection': '1; mode=block',
};

const ends: Readonly<Record<string, string>> = {
  'keep-alive': 'timeout=5',
  'proxy-authenticate': 'Basic',
  'proxy-authentication-info': 'a',
  'proxy-authorization': 'a',
  'proxy-connection': 'keep-alive',
  te: 'trailers',
  upgrade: 'h2c',
};

export const responses = topic('fields of answers [trap:hop-by-hop]', [
  ...Object.entries(kept).map(([name, value]) => passes('RFC 9111 3.1', name, value, true)),
  ...Object.entries(ends).map(([name, value]) => passes('RFC 9110 7.6.1', name, value, false)),
  ...['cache-tag', 'cache-groups'].map((name) => passes('RFC 9875 2', name, '"a"', false)),
  {
    section: 'RFC 9110 7.6.1',
    name: 'what Connection names is neither stored nor passed on',
    steps: [
      {
        origin: {
          headers: cc('max-age=60', ['connection', 'a, B'], ['a', '1'], ['b', '2'], ['c', '3']),
        },
        expect: { headers: { a: null, b: null, c: '3', connection: null } },
      },
      { expect: { from: 'store', headers: { a: null, b: null, c: '3', connection: null } } },
    ],
  },
  {
    section: 'RFC 9110 5.3',
    name: 'a field on two lines stays a list',
    steps: [
      { origin: { headers: cc('max-age=60', ['x-list', 'a'], ['x-list', 'b']) } },
      { expect: { from: 'store', headers: { 'x-list': 'a, b' } } },
    ],
  },
  {
    section: 'RFC 9110 6.6.1',
    name: 'an answer without Date is given one, stored or not',
    steps: [{ origin: { headers: cc('no-store') }, expect: { headers: { date: at(0) } } }],
  },
  {
    section: 'RFC 9110 8.6',
    name: 'what came of unknown length has its length when it is reused',
    steps: [
      { origin: { headers: cc('max-age=60'), chunked: true } },
      { expect: { from: 'store', headers: { 'content-length': '20' } } },
    ],
  },
]);

/** What a client sends: whether the origin gets it. */
const reaches = (section: string, name: string, value: string, does: boolean): Case => ({
  section,
  name: `${name} ${does ? 'reaches' : 'does not reach'} the origin`,
  steps: [
    {
      request: { headers: [[name, value]] },
      origin: { headers: cc('no-store') },
      expect: { sent: { [name]: does ? value : null } },
    },
  ],
});

const through: Fields = [
  ['accept', 'text/html'],
  ['accept-language', 'de, en;q=0.5'],
  ['authorization', 'Bearer x'],
  ['cookie', 'a=b'],
  ['origin', 'https://a.test'],
  ['referer', 'https://a.test/'],
  ['user-agent', 'test'],
  ['x-custom', '1'],
];

const stripped = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-forwarded-prefix',
  'x-forwarded-port',
  'x-forwarded-scheme',
  'x-host',
  'x-original-url',
  'x-original-host',
  'x-rewrite-url',
  'x-real-ip',
  'true-client-ip',
  'forwarded',
  'cache-tag',
  'cache-groups',
  'cache-group-invalidation',
  'surrogate-key',
  'x_forwarded_host',
];

const hops: Readonly<Record<string, string>> = {
  'keep-alive': 'timeout=5',
  'proxy-authorization': 'Basic x',
  'proxy-connection': 'keep-alive',
  te: 'trailers',
  trailer: 'x-sum',
};

export const requests = topic('fields of requests [trap:hop-by-hop] [trap:unkeyed-headers]', [
  ...through.map(([name, value]) => reaches('RFC 9110 7.7', name, String(value), true)),
  ...stripped.map((name) => reaches('issue 5', name, 'canary', false)),
  ...Object.entries(hops).map(([name, value]) => reaches('RFC 9110 7.6.1', name, value, false)),
  {
    section: 'RFC 9110 7.6.1',
    name: 'what Connection names does not reach the origin',
    steps: [
      {
        request: {
          headers: [
            ['connection', 'x-hop, close'],
            ['x-hop', '1'],
            ['x-kept', '1'],
          ],
        },
        origin: { headers: cc('no-store') },
        expect: { sent: { 'x-hop': null, 'x-kept': '1' } },
      },
    ],
  },
  {
    section: 'RFC 9110 12.5.3',
    name: 'the origin is asked for one coding, whatever the client takes [trap:accept-encoding]',
    steps: [
      {
        request: { headers: [['accept-encoding', 'gzip, br, zstd']] },
        expect: { sent: { 'accept-encoding': 'identity' } },
      },
    ],
  },
  {
    section: 'issue 5',
    name: 'the gateway says itself where the request came in',
    steps: [
      {
        request: {
          headers: [
            ['x-forwarded-host', 'canary'],
            ['x-forwarded-proto', 'canary'],
          ],
        },
        expect: { sent: { 'x-forwarded-host': ({ host }) => host, 'x-forwarded-proto': 'https' } },
      },
    ],
  },
]);
