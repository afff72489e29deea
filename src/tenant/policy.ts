import type { TenantId } from './tenant-id.ts';

/** Paths that the cron trigger asks for, so that the first reader finds them. */
export interface WarmPolicy {
  /** Scheme, host and port under which readers ask; part of every gateway key. Default `https://{first host}`. */
  readonly base: string;
  /** Path and query of each URL, in order of importance. */
  readonly paths: readonly string[];
}

/** What the gateway knows of a tenant. */
export interface TenantPolicy {
  readonly id: TenantId;
  /** Host names without port, lower case. A host belongs to one tenant. */
  readonly hosts: readonly string[];
  /** Where the tenant's own server is: scheme, host, port and an optional path in front of every path, without a trailing slash. */
  readonly origin: string;
  readonly warm: WarmPolicy;
}
