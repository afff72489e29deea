import type { KeyInput } from './segments.ts';
import type { PurgeMode } from './target.ts';
import type { TenantId } from './tenant-id.ts';

/** Paths that the cron trigger asks for, so that the first reader finds them. */
export interface WarmPolicy {
  /** Scheme, host and port under which readers ask; part of every gateway key. Default `https://{first host}`. */
  readonly base: string;
  /** Path and query of each URL, in order of importance. */
  readonly paths: readonly string[];
}

/**
 * What a domain event of one type makes invalid. Every text may have places, `{field}` or `{field.field}`, that are filled
 * from the event's data; a list makes a target of each of its elements.
 */
export interface TenantRule {
  /** The type of the events. */
  readonly on: string;
  readonly tags?: readonly string[] | undefined;
  readonly urls?: readonly string[] | undefined;
  readonly prefixes?: readonly KeyInput[] | undefined;
  readonly keys?: readonly KeyInput[] | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly all?: true | undefined;
  /** Default `hard`. */
  readonly mode?: PurgeMode | undefined;
}

/** Bounds of a time, in seconds. */
export interface TtlPolicy {
  /** Where the response does not say. Undefined: it stays unsaid. */
  readonly default: number | undefined;
  /** Raises what is more than nothing. Default 0. */
  readonly min: number;
  /** Lowers. Default `Infinity`. */
  readonly max: number;
}

/** For how long past its freshness a response may be used, in seconds. What a response says itself goes before the first three. */
export interface StalePolicy {
  /** Served while it is refreshed (`stale-while-revalidate`). Default 0. */
  readonly whileRevalidate: number;
  /** Served when the origin answers with a failure (`stale-if-error`). Default 0. */
  readonly ifError: number;
  /** Served when the origin can't be reached (RFC 9111, section 4.2.4). Default 60. */
  readonly ifUnreachable: number;
  /** The most of each of them, whoever says it. Default `Infinity`. */
  readonly max: number;
  /** Kept past every use, to be validated. Default 3,600. */
  readonly keep: number;
}

/** A choice of names: only those, or all but those. A name that ends in `*` stands for all that begin so. */
export type NameChoice =
  | { readonly allow: readonly string[] }
  | { readonly drop: readonly string[] };

/** How the gateway treats the requests for some URLs of a tenant. */
export interface CachePolicy {
  /** `bypass`: nothing is stored and nothing is served from a store. Default `store`. */
  readonly cache: 'store' | 'bypass';
  /** How long a response is fresh here. */
  readonly ttl: TtlPolicy;
  /** How long clients may think that it is fresh. */
  readonly browserTtl: TtlPolicy;
  readonly stale: StalePolicy;
  /** For how long an error is fresh that does not say so itself, in seconds, by status. Default: none. */
  readonly negativeTtl: ReadonlyMap<number, number>;
  /** Query parameters that count. Those that do not are in no key, and no origin is sent them. Default: all. */
  readonly query: NameChoice;
  /**
   * Request fields by which responses may vary: one that varies by another is not stored (`allow`). Those of `drop` are sent to
   * no origin, and `Vary` does not count them. Default: all.
   */
  readonly vary: NameChoice;
  /** Cookies of requests that reach the origin by a GET or HEAD. Default: all. */
  readonly cookies: NameChoice;
  /**
   * `pass`: all request fields that are not taken away from every request. A list: the fields that ordinary clients send
   * (docs/reference/http-api.md) and those, in lower case. Default `pass`.
   */
  readonly requestHeaders: 'pass' | readonly string[];
  /**
   * Whether a response that sets a cookie may be stored, and served to others with it. Default `refuse`: only without the
   * cookie, and only where the response itself names it in `private` or `no-cache`.
   */
  readonly setCookie: 'refuse' | 'store';
  /** Whether clients may ask past the store by `Cache-Control` or `Pragma` of a request. Default `ignore`. */
  readonly requestDirectives: 'ignore' | 'honour';
  /** Whether clients are told the tags and groups of responses. Default false. */
  readonly exposeTags: boolean;
  /** Fields that every answer gets, in place of its own of that name; names in lower case. Default: none. */
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
  /** Larger bodies are passed on and not stored, in bytes. Default `Infinity`: the deployment's own limit alone. */
  readonly maxBodyBytes: number;
  /** The most variants of one resource. Default 64. */
  readonly maxVariants: number;
}

/** What counts where a tenant says nothing. */
export const DEFAULT_CACHE_POLICY: CachePolicy = {
  cache: 'store',
  ttl: { default: undefined, min: 0, max: Infinity },
  browserTtl: { default: undefined, min: 0, max: Infinity },
  stale: { whileRevalidate: 0, ifError: 0, ifUnreachable: 60, max: Infinity, keep: 3600 },
  negativeTtl: new Map(),
  query: { drop: [] },
  vary: { drop: [] },
  cookies: { drop: [] },
  requestHeaders: 'pass',
  setCookie: 'refuse',
  requestDirectives: 'ignore',
  exposeTags: false,
  responseHeaders: [],
  maxBodyBytes: Infinity,
  maxVariants: 64,
};

/** A policy of its own for some paths of a tenant. */
export interface PathRule {
  /**
   * Held against the whole path, both decoded; `*` stands for any characters, `/` and none included. Case counts, but for a
   * rule that bypasses.
   */
  readonly path: string;
  readonly caching: CachePolicy;
}

/** What a tenant may use, in every isolate of the deployment. */
export interface Quotas {
  /** GETs and HEADs that are sent to its origin, a second. Default: no bound. */
  readonly loadsPerSecond: number | undefined;
  /** Purges and batches of domain events that are accepted, a second. */
  readonly purgesPerSecond: number;
}

export const DEFAULT_QUOTAS: Quotas = { loadsPerSecond: undefined, purgesPerSecond: 100 };

/** What the gateway knows of a tenant. */
export interface TenantPolicy {
  readonly id: TenantId;
  /** Host names without port, lower case. A host belongs to one tenant. */
  readonly hosts: readonly string[];
  /** Where the tenant's own server is: scheme, host, port and an optional path in front of every path, without a trailing slash. */
  readonly origin: string;
  readonly warm: WarmPolicy;
  /** Default {@link DEFAULT_CACHE_POLICY}. */
  readonly caching?: CachePolicy;
  /** The first that fits a path counts, in place of `caching`. Default: none. */
  readonly paths?: readonly PathRule[];
  /** Default {@link DEFAULT_QUOTAS}. */
  readonly quotas?: Quotas;
  /** What domain events purge. Default: nothing. */
  readonly rules?: readonly TenantRule[];
}
