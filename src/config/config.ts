import type { MasterKey } from '../codec/encryption.ts';
import type { TenantPolicy } from '../tenant/policy.ts';

/** What a credential may do. */
export const SCOPES = ['purge', 'stats', 'inspect', 'inspect:value'] as const;
export type Scope = (typeof SCOPES)[number];

export const PRESET_NAMES = [
  'disabled',
  'minimal',
  'simple',
  'development',
  'testing',
  'staging',
  'production',
  'ai-development',
  'ai-production',
] as const;
/** The name of a set of values; what each is for stands in the reference of the configuration. */
export type PresetName = (typeof PRESET_NAMES)[number];

/** How much is said, from nothing to everything. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whether origins may be asked whose address is not public: those of this machine, of a private network, of a cloud's own services. */
export const PRIVATE_ORIGINS = ['allow', 'refuse'] as const;
export type PrivateOrigins = (typeof PRIVATE_ORIGINS)[number];

/** A bearer token's digest and what the token may do, to which tenant. */
export interface Credential {
  readonly id: string;
  /** SHA-256 of the token, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** A tenant's id, or `*` for every tenant. */
  readonly tenant: string;
  readonly scopes: readonly Scope[];
}

/** Who may send domain events, to which tenant. */
export interface EventSecret {
  readonly id: string;
  /** A tenant's id, or `*` for every tenant. */
  readonly tenant: string;
  /** `whsec_` and the base64 of 24 to 64 bytes. */
  readonly secret: string;
}

/** Where Redis is and how it is used. */
export interface RedisConfig {
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
  /** `optional`: without an answer of Redis the origin is asked. `required`: that is an error. */
  readonly need: 'optional' | 'required';
}

/** How values are kept, where a namespace does not say otherwise. */
export interface NamespaceDefaults {
  /** How long a value is fresh. */
  readonly ttlMs: number;
  /** How long past freshness it is served while it is loaded anew. */
  readonly staleWhileRevalidateMs: number;
  /** How long past freshness it is served when the load fails. */
  readonly staleIfErrorMs: number;
  /** How long `null` is fresh. */
  readonly negativeTtlMs: number;
  /** Share of the ttl, from 0 to 1, by which lives are shortened at random. */
  readonly jitter: number;
  /** `beta` of XFetch; 0 for no early refresh. */
  readonly earlyRefresh: number;
  /** A load that takes longer goes on behind a stale value, if there is one. Undefined: it is waited for. */
  readonly softTimeoutMs: number | undefined;
  /** A caller waits no longer for a load. Always more than `softTimeoutMs`. */
  readonly hardTimeoutMs: number;
  /** After a failed load no other is begun for so long while there is a stale value. */
  readonly throttleMs: number;
  /** One load for all isolates. */
  readonly lease: boolean;
  /** How long a lease holds when its owner does not give it back. */
  readonly leaseMs: number;
  /** How long others wait for what the owner of the lease loads; never more than `leaseMs`. */
  readonly leaseWaitMs: number;
}

/** What an engine needs, complete and checked: milliseconds and bytes, whichever door it came through. */
export interface EngineSettings {
  readonly preset: PresetName;
  /** False: nothing is stored and nothing is served from a store. */
  readonly enabled: boolean;
  readonly keyPrefix: string;
  readonly keyVersion: number;
  /** Undefined without Redis: all promises hold inside one isolate. */
  readonly redis: RedisConfig | undefined;
  /** Whether the data centre's cache is a tier. Never without Redis. */
  readonly regional: boolean;
  readonly coherenceMs: number;
  readonly maxUnverifiedMs: number;
  /** Budget of all per-isolate memory: copies, views and bookkeeping. */
  readonly memoryBytes: number;
  readonly maxEntryBytes: number;
  /** The longest life of an entry, stale windows included. */
  readonly maxLifetimeMs: number;
  /** A load that takes longer is not stored. */
  readonly maxLoadMs: number;
  /** Values of at least so many bytes are compressed; undefined for none. */
  readonly compressionThreshold: number | undefined;
  /** The first encrypts, all decrypt. Empty: nothing is encrypted. */
  readonly encryptionKeys: readonly MasterKey[];
  readonly logLevel: LogLevel;
  readonly defaults: NamespaceDefaults;
}

/** One deployment's settings, complete and checked. */
export interface Config extends EngineSettings {
  readonly tenants: readonly TenantPolicy[];
  readonly credentials: readonly Credential[];
  readonly eventSecrets: readonly EventSecret[];
  /** Host name on which operators reach every tenant; undefined for none. */
  readonly adminHost: string | undefined;
  readonly originTimeoutMs: number;
  readonly privateOrigins: PrivateOrigins;
  /** The most outgoing requests of one warming run, to origins, Redis and the Cache API together. */
  readonly warmRequests: number;
}
