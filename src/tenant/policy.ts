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

/** What the gateway knows of a tenant. */
export interface TenantPolicy {
  readonly id: TenantId;
  /** Host names without port, lower case. A host belongs to one tenant. */
  readonly hosts: readonly string[];
  /** Where the tenant's own server is: scheme, host, port and an optional path in front of every path, without a trailing slash. */
  readonly origin: string;
  readonly warm: WarmPolicy;
  /** Whether clients are told the tags and groups of responses. Default false. */
  readonly exposeTags?: boolean;
  /**
   * Whether a response that sets a cookie may be stored, and served to others with it. Default `refuse`: only without the
   * cookie, and only where the response itself names it in `private` or `no-cache`.
   */
  readonly setCookie?: 'refuse' | 'store';
  /** Whether clients may ask past the store by `Cache-Control` or `Pragma` of a request. Default `ignore`. */
  readonly requestDirectives?: 'ignore' | 'honour';
  /** What domain events purge. Default: nothing. */
  readonly rules?: readonly TenantRule[];
}
