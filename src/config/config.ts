import type { TenantPolicy } from '../tenant/policy.ts';

/** What a credential may do. */
export const SCOPES = ['purge', 'stats'] as const;
export type Scope = (typeof SCOPES)[number];

/** A bearer token's digest and what the token may do, to which tenant. */
export interface Credential {
  readonly id: string;
  /** SHA-256 of the token, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** A tenant's id, or `*` for every tenant. */
  readonly tenant: string;
  readonly scopes: readonly Scope[];
}

/** Where Redis is and how it is used. */
export interface RedisConfig {
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
  /** `optional`: without an answer of Redis the origin is asked. `required`: a 503. */
  readonly need: 'optional' | 'required';
}

/** One deployment's settings, complete and checked. */
export interface Config {
  readonly preset: string;
  readonly keyPrefix: string;
  readonly keyVersion: number;
  readonly tenants: readonly TenantPolicy[];
  readonly credentials: readonly Credential[];
  /** Undefined without Redis, by the preset's choice. */
  readonly redis: RedisConfig | undefined;
  /** Host name on which operators reach every tenant; undefined for none. */
  readonly adminHost: string | undefined;
  readonly coherenceMs: number;
  readonly maxUnverifiedMs: number;
  /** Budget of all per-isolate memory: copies, views and bookkeeping. */
  readonly memoryBytes: number;
  readonly maxEntryBytes: number;
  readonly maxLifetimeMs: number;
  readonly maxLoadMs: number;
  readonly originTimeoutMs: number;
  /** The most outgoing requests of one warming run, to origins, Redis and the Cache API together. */
  readonly warmRequests: number;
}
