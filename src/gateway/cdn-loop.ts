import { problemResponse } from '../http/problem.ts';
import { formatString } from '../http/structured-fields.ts';

/** This gateway's name in `CDN-Loop`. */
const OWN_ID = 'tiercel';

/** Who adds itself to every request that reaches a Worker (`cloudflare; loops=1`). */
const PLATFORM_ID = 'cloudflare';

/** Through so many gateways a request may come that are ours, each for another host. */
const MOST_HOPS = 8;

/** One proxy that has passed a request on. */
interface Hop {
  /** In lower case. */
  readonly id: string;
  /** Of its first `host` parameter, in lower case; undefined without one. */
  readonly host: string | undefined;
}

/** A host, as a URL has it, perhaps with a port. Anything else no gateway has added. */
const HOST = /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
const PARAMETER = `[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED})`;
/** `cdn-info`: a pseudonym, or a host with or without a port, and parameters. */
const MEMBER = new RegExp(
  `[ \\t]*((?:${TOKEN}|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]*)?)((?:${PARAMETER})*)[ \\t]*(?=,|$)`,
  'y',
);
const NAMED = new RegExp(`;[ \\t]*(${TOKEN})=(?:(${TOKEN})|(${QUOTED}))`, 'g');

/**
 * The members of `CDN-Loop` (RFC 8586, section 2) that can be read. What can't be is skipped up to the next comma, wherever
 * that stands: a quotation mark that a client left open must not hide what those behind it have added.
 */
export function parseCdnLoop(field: string): Hop[] {
  const hops: Hop[] = [];
  let at = 0;
  while (at < field.length) {
    MEMBER.lastIndex = at;
    const member = MEMBER.exec(field);
    if (member) {
      const [whole, id = '', parameters = ''] = member;
      hops.push({ id: id.toLowerCase(), host: hostIn(parameters) });
      at += whole.length;
    }
    const comma = field.indexOf(',', at);
    at = comma === -1 ? field.length : comma + 1;
  }
  return hops;
}

function hostIn(parameters: string): string | undefined {
  for (const [, name, token, quoted] of parameters.matchAll(NAMED))
    if (name?.toLowerCase() === 'host')
      return (token ?? quoted?.slice(1, -1).replace(/\\(.)/g, '$1'))?.toLowerCase();
  return undefined;
}

/** True for a request that this gateway has passed on for the same host already, or that has been through too many like it. */
export function isLooped(
  { headers }: Pick<Request, 'headers'>,
  { host }: Pick<URL, 'host'>,
): boolean {
  const field = headers.get('cdn-loop');
  if (field === null) return false;
  const own = parseCdnLoop(field).filter(({ id }) => id === OWN_ID);
  return own.length > MOST_HOPS || own.some((hop) => hop.host === host);
}

/** What is added to `CDN-Loop` of every request to an origin, behind what is there (RFC 8586, section 2). */
export function ownHop({ host }: Pick<URL, 'host'>): string {
  return ownMember(host);
}

/**
 * Of a `CDN-Loop` only what gateways like this one have added: it goes along even where nothing else of a request does, or a
 * circle of requests that are nobody's in particular would not be seen. Undefined where they have added nothing.
 */
export function ownHops(field: string | null): string | undefined {
  const hosts = parseCdnLoop(field ?? '').flatMap(({ id, host }) =>
    id === OWN_ID && host !== undefined && HOST.test(host) ? [host] : [],
  );
  return hosts.length === 0 ? undefined : hosts.map(ownMember).join(', ');
}

function ownMember(host: string): string {
  return `${OWN_ID}; host=${formatString(host)}`;
}

/**
 * True for a `CDN-Loop` that no ordinary request has: a member that neither the platform nor a gateway like this one has added.
 * An origin behind the network that it names refuses the request, by an error that is no answer to others.
 */
export function isForeignLoop(field: string): boolean {
  return parseCdnLoop(field).some(({ id }) => id !== OWN_ID && id !== PLATFORM_ID);
}

/** The answer to a request that goes round in a circle. */
export function loopDetected(): Response {
  return problemResponse({
    status: 508,
    title: 'Loop Detected',
    code: 'loop_detected',
    detail: 'The request has been here before: an origin leads back to the host in front of it.',
  });
}
