import ipaddr from 'ipaddr.js';

/** What an address is whose range is not for servers that anybody may reach. Names as in ipaddr.js. */
const RANGES: Readonly<Record<string, string>> = {
  unspecified: 'an unspecified address',
  broadcast: 'a broadcast address',
  multicast: 'a multicast address',
  linkLocal: 'a link-local address',
  loopback: 'a loopback address',
  carrierGradeNat: 'an address of carrier-grade NAT',
  private: 'a private address',
  uniqueLocal: 'a unique local address',
  deprecatedSiteLocal: 'a site-local address',
  ipv4Mapped: 'an IPv4 address inside of an IPv6 address',
  rfc6145: 'an IPv4 address inside of an IPv6 address',
  rfc6052: 'an IPv4 address inside of an IPv6 address',
  '6to4': 'an IPv4 address inside of an IPv6 address',
  teredo: 'an IPv4 address inside of an IPv6 address',
};

const RESERVED = 'a reserved address';

/** The one part of IPv6 that is given to networks (IANA, IPv6 address space): the rest is reserved, and `::/96` held IPv4 addresses. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Public by its range, but answers each machine of one cloud with what is that machine's own. */
const PLATFORM_ADDRESSES: ReadonlySet<string> = new Set(['168.63.129.16']);

/** Names that no public name server answers for: RFC 6761, 6762 (and its appendix G), 8375, ICANN's `internal`, and those of a Kubernetes cluster's services. */
const PRIVATE_SUFFIXES = [
  'corp',
  'home',
  'home.arpa',
  'internal',
  'intranet',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'private',
  'svc',
] as const;

/**
 * Why no origin that anybody may reach is at this URL, as the end of a sentence ("its host is ..."). Undefined for one that
 * may be: the address or the name is public by what it says. What a public name leads to is not known here: names are
 * looked up by the platform.
 *
 * The host counts as the URL parser writes it: `http://2130706433`, `http://0x7f.1` and `http://127.1` are `127.0.0.1`
 * (WHATWG URL, section 3.5). An IPv6 address that holds an IPv4 address is refused whatever that is: nobody needs one.
 */
export function privateOrigin({ hostname }: Pick<URL, 'hostname'>): string | undefined {
  if (hostname.startsWith('[')) return privateV6(ipaddr.IPv6.parse(hostname.slice(1, -1)));
  if (ipaddr.IPv4.isValidFourPartDecimal(hostname)) return privateV4(ipaddr.IPv4.parse(hostname));
  return privateName(hostname);
}

function privateV4(address: ipaddr.IPv4): string | undefined {
  if (PLATFORM_ADDRESSES.has(address.toString())) return 'the address of a cloud’s own service';
  const range = address.range();
  return range === 'unicast' ? undefined : (RANGES[range] ?? RESERVED);
}

function privateV6(address: ipaddr.IPv6): string | undefined {
  const range = address.range();
  if (range === 'unicast') return address.match(GLOBAL_UNICAST) ? undefined : RESERVED;
  return RANGES[range] ?? RESERVED;
}

function privateName(hostname: string): string | undefined {
  const name = withoutRootDot(hostname);
  if (!name.includes('.')) return 'a name without a dot, which only a private network knows';
  const suffix = PRIVATE_SUFFIXES.find((one) => name.endsWith(`.${one}`));
  return suffix === undefined ? undefined : `a name of private networks (.${suffix})`;
}

/** The name alone: dots at its end name the root, and make no other host of it. */
export function withoutRootDot(hostname: string): string {
  return hostname.replace(/\.+$/, '');
}
