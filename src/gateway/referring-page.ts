import { isOrdinaryHost } from './ordinary-words.ts';

/** The page that a request is said to come from. */
export interface ReferringPage {
  /** With its port. */
  readonly host: string;
  readonly path: string;
  /** With the fragment, and the mark in front. */
  readonly query: string;
  /** `own`: of the same owner as the URL that is asked for. `ordinary`: of a site that leads to all others. */
  readonly whose: 'own' | 'ordinary' | 'foreign';
}

/**
 * The page that `Referer` or `Origin` names, its text as it came. Undefined for what is no URL, or one in another form than
 * clients write: what the parser takes away from it, or decodes, is what an origin may repeat.
 * @param hosts of the owner of `url`
 */
export function pageOf(
  field: string,
  { hostname }: URL,
  hosts: readonly string[],
): ReferringPage | undefined {
  const page = URL.parse(field);
  if (!page || !/^https?:$/.test(page.protocol)) return undefined;
  if (!field.toLowerCase().startsWith(page.origin)) return undefined;
  const rest = field.slice(page.origin.length);
  if (!/^(?:[/?#]|$)/.test(rest)) return undefined;
  const end = rest.search(/[?#]|$/);
  const isOwn =
    [hostname, `www.${hostname}`, ...hosts].includes(page.hostname) ||
    isAbove(page.hostname, hostname) ||
    isBeside(page, hostname);
  return {
    host: page.host,
    path: rest.slice(0, end),
    query: rest.slice(end),
    whose: isOwn ? 'own' : isOrdinaryHost(page.hostname) ? 'ordinary' : 'foreign',
  };
}

function isAbove(host: string, hostname: string): boolean {
  return host.includes('.') && hostname.endsWith(`.${host}`);
}

/** Names of the second level under which anybody may have one. */
const SHARED = /^(?:ac|co|com|edu|gob|gov|ltd|ne|net|nom|or|org|plc|sch)\.[a-z]{2}$/;

/** The pages of a site: what they load from a host of its own, as `cdn.`, is asked for with them as `Referer`. */
function isBeside({ hostname: host, port }: URL, hostname: string): boolean {
  const site = host.startsWith('www.') ? host.slice(4) : '';
  return port === '' && isAbove(site, hostname) && !SHARED.test(site);
}
