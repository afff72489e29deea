import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { privateOrigin, withoutRootDot } from '../../../src/tenant/private-origin.ts';

const reason = (host: string): string | undefined => privateOrigin(new URL(`http://${host}/`));

/** Ranges by their first and last address, and the addresses right before and after, where those are public. */
const V4_RANGES: readonly (readonly [
  what: string,
  first: string,
  last: string,
  ...open: string[],
])[] = [
  ['an unspecified address', '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['a private address', '10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  [
    'an address of carrier-grade NAT',
    '100.64.0.0',
    '100.127.255.255',
    '100.63.255.255',
    '100.128.0.0',
  ],
  ['a loopback address', '127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['a link-local address', '169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['a private address', '172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['a reserved address', '192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['a reserved address', '192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['a reserved address', '192.31.196.0', '192.31.196.255', '192.31.195.255', '192.31.197.0'],
  ['a reserved address', '192.52.193.0', '192.52.193.255', '192.52.192.255', '192.52.194.0'],
  ['a reserved address', '192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['a private address', '192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['a reserved address', '192.175.48.0', '192.175.48.255', '192.175.47.255', '192.175.49.0'],
  ['a reserved address', '198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['a reserved address', '198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['a reserved address', '203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['a multicast address', '224.0.0.0', '239.255.255.255', '223.255.255.255'],
  ['a reserved address', '240.0.0.0', '255.255.255.254'],
  ['a broadcast address', '255.255.255.255', '255.255.255.255'],
  [
    'the address of a cloud’s own service',
    '168.63.129.16',
    '168.63.129.16',
    '168.63.129.15',
    '168.63.129.17',
  ],
];

const HELD = 'an IPv4 address inside of an IPv6 address';
const F = 'ffff';
const V6_RANGES: readonly (readonly [
  what: string,
  first: string,
  last: string,
  ...open: string[],
])[] = [
  ['an unspecified address', '::', '::'],
  ['a loopback address', '::1', '::1'],
  ['a reserved address', '::2', `::fffe:${F}:${F}`],
  [HELD, '::ffff:0:0', `::ffff:${F}:${F}`],
  [HELD, '::ffff:0:0:0', `::ffff:0:${F}:${F}`],
  [HELD, '64:ff9b::', `64:ff9b::${F}:${F}`],
  [HELD, '64:ff9b:1::', `64:ff9b:1:${F}:${F}:${F}:${F}:${F}`],
  ['a reserved address', '100::', `100::${F}:${F}:${F}:${F}`],
  ['a reserved address', '100:0:0:1::', `1fff:${F}:${F}:${F}:${F}:${F}:${F}:${F}`, '2000::'],
  [
    HELD,
    '2001::',
    `2001:0:${F}:${F}:${F}:${F}:${F}:${F}`,
    `2000:${F}:${F}:${F}:${F}:${F}:${F}:${F}`,
  ],
  ['a reserved address', '2001:1::', `2001:1ff:${F}:${F}:${F}:${F}:${F}:${F}`, '2001:200::'],
  [
    'a reserved address',
    '2001:db8::',
    `2001:db8:${F}:${F}:${F}:${F}:${F}:${F}`,
    `2001:db7:${F}:${F}:${F}:${F}:${F}:${F}`,
    '2001:db9::',
  ],
  [
    HELD,
    '2002::',
    `2002:${F}:${F}:${F}:${F}:${F}:${F}:${F}`,
    `2001:${F}:${F}:${F}:${F}:${F}:${F}:${F}`,
    '2003::',
  ],
  [
    'a reserved address',
    '2620:4f:8000::',
    `2620:4f:8000:${F}:${F}:${F}:${F}:${F}`,
    `2620:4f:7fff:${F}:${F}:${F}:${F}:${F}`,
    '2620:4f:8001::',
  ],
  [
    'a reserved address',
    '3fff::',
    `3fff:fff:${F}:${F}:${F}:${F}:${F}:${F}`,
    `3ffe:${F}:${F}:${F}:${F}:${F}:${F}:${F}`,
    '3fff:1000::',
  ],
  [
    'a reserved address',
    '4000::',
    `fbff:${F}:${F}:${F}:${F}:${F}:${F}:${F}`,
    `3fff:${F}:${F}:${F}:${F}:${F}:${F}:${F}`,
  ],
  ['a unique local address', 'fc00::', `fdff:${F}:${F}:${F}:${F}:${F}:${F}:${F}`],
  ['a reserved address', 'fe00::', `fe7f:${F}:${F}:${F}:${F}:${F}:${F}:${F}`],
  ['a link-local address', 'fe80::', `febf:${F}:${F}:${F}:${F}:${F}:${F}:${F}`],
  ['a site-local address', 'fec0::', `feff:${F}:${F}:${F}:${F}:${F}:${F}:${F}`],
  ['a multicast address', 'ff00::', `ffff:${F}:${F}:${F}:${F}:${F}:${F}:${F}`],
];

describe('an IPv4 address', () => {
  it.each(V4_RANGES)('%s, from %s to %s', (what, first, last, ...open) => {
    expect([reason(first), reason(last)]).toEqual([what, what]);
    for (const address of open) expect([address, reason(address)]).toEqual([address, undefined]);
  });

  test('every address of the private ranges, by whatever number', () => {
    const within = (first: number, bits: number) =>
      fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map((low) => first + low);
    const address = fc.oneof(
      within(0x0a000000, 8),
      within(0x7f000000, 8),
      within(0xa9fe0000, 16),
      within(0xac100000, 12),
      within(0xc0a80000, 16),
      within(0x64400000, 10),
      within(0, 8),
      within(0xe0000000, 3),
    );
    fc.assert(
      fc.property(address, (number) => {
        const v6 = `${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
        for (const host of [
          String(number),
          `0x${number.toString(16)}`,
          `0${number.toString(8)}`,
          `[::ffff:${v6}]`,
          `[64:ff9b::${v6}]`,
          `[2002:${v6}::]`,
          `[::${v6}]`,
        ])
          expect([host, reason(host)]).not.toEqual([host, undefined]);
      }),
    );
  });
});

describe('an IPv6 address', () => {
  it.each(V6_RANGES)('%s, from %s to %s', (what, first, last, ...open) => {
    expect([reason(`[${first}]`), reason(`[${last}]`)]).toEqual([what, what]);
    for (const address of open)
      expect([address, reason(`[${address}]`)]).toEqual([address, undefined]);
  });

  it.each(['2606:4700:4700::1111', '2a00:1450:4001:82a::200e'])('%s is public', (address) => {
    expect(reason(`[${address}]`)).toBeUndefined();
  });
});

describe('the spellings of an address that the URL parser knows', () => {
  it.each([
    ['2130706433', 'a loopback address'],
    ['0x7f000001', 'a loopback address'],
    ['017700000001', 'a loopback address'],
    ['0x7f.1', 'a loopback address'],
    ['127.1', 'a loopback address'],
    ['127.0.1', 'a loopback address'],
    ['0177.0.0.1', 'a loopback address'],
    ['0', 'an unspecified address'],
    ['127.0.0.1.', 'a loopback address'],
    ['１２７.0.0.1', 'a loopback address'],
    ['127。0。0。1', 'a loopback address'],
    ['%31%32%37.0.0.1', 'a loopback address'],
    ['0xa9fea9fe', 'a link-local address'],
    ['2852039166', 'a link-local address'],
    ['169.254.43518', 'a link-local address'],
    ['[::ffff:127.0.0.1]', HELD],
    ['[0:0:0:0:0:ffff:7f00:1]', HELD],
    ['[::127.0.0.1]', 'a reserved address'],
    ['[64:ff9b::169.254.169.254]', HELD],
    ['[2002:7f00:1::]', HELD],
    ['[fd00:ec2::254]', 'a unique local address'],
    ['100.100.100.200', 'an address of carrier-grade NAT'],
    ['user:secret@127.0.0.1:8080', 'a loopback address'],
  ])('%s', (host, what) => {
    expect(reason(host)).toBe(what);
  });
});

describe('a name', () => {
  const unknown = 'a name without a dot, which only a private network knows';
  it.each([
    ['localhost', unknown],
    ['LOCALHOST', unknown],
    ['localhost.', unknown],
    ['localhost..', unknown],
    ['origin', unknown],
    ['redis:6379', unknown],
    ['app.localhost', 'a name of private networks (.localhost)'],
    ['app.localhost.', 'a name of private networks (.localhost)'],
    ['localhost.localdomain', 'a name of private networks (.localdomain)'],
    ['printer.local', 'a name of private networks (.local)'],
    ['api.default.svc.cluster.local', 'a name of private networks (.local)'],
    ['metadata.google.internal', 'a name of private networks (.internal)'],
    ['metadata.google.internal.', 'a name of private networks (.internal)'],
    ['METADATA.google.Internal', 'a name of private networks (.internal)'],
    ['nas.home.arpa', 'a name of private networks (.home.arpa)'],
    ['box.lan', 'a name of private networks (.lan)'],
    ['wiki.corp', 'a name of private networks (.corp)'],
    ['redis.default.svc', 'a name of private networks (.svc)'],
    ['ⓛocal.ⓛocal', 'a name of private networks (.local)'],
  ])('%s is private', (host, what) => {
    expect(reason(host)).toBe(what);
  });

  it.each([
    'origin.example',
    'origin.example.',
    'local.example',
    'localhost.example',
    'internal.example.com',
    'notlocal.example',
    'mylocalhost.dev',
    'home.example',
    'xn--bcher-kva.example',
    '127.0.0.1.example',
  ])('%s is public', (host) => {
    expect(reason(host)).toBeUndefined();
  });

  test('without the dot of the root it is the same name', () => {
    expect(withoutRootDot('a.example..')).toBe('a.example');
    expect(withoutRootDot('a.example')).toBe('a.example');
  });
});

test('no URL that can be read makes it throw', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(
      fc.webUrl({ withQueryParameters: true }),
      fc.ipV6(),
      fc.ipV4Extended(),
      (url, v6, v4) => {
        for (const text of [url, `http://[${v6}]/`, `http://${v4}/`])
          if (URL.canParse(text)) expect(() => privateOrigin(new URL(text))).not.toThrow();
      },
    ),
  );
});
