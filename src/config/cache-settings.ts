import type { NamespaceMap } from '../cache/options.ts';
import type { LogLevel, PresetName } from './config.ts';
import type { Duration } from '../cache/durations.ts';
import type { EncryptionKeySetting } from './encryption-keys.ts';
import type { Size } from './sizes.ts';

/**
 * Where Redis answers over HTTP. `url` and `token` belong together.
 */
export interface RedisSettings {
  /** `https://`, or `http://` for this machine itself only. */
  readonly url?: string | undefined;
  /** A secret. */
  readonly token?: string | undefined;
  /** Time limit of one request, from `'1ms'` to `'30s'`. Default: by preset. */
  readonly timeout?: Duration | undefined;
  /** `required`: without an answer of Redis a read is an error, instead of a load. Default `optional`. */
  readonly need?: 'optional' | 'required' | undefined;
}

/** How values are kept: a namespace's own settings override those of its cache. */
export interface TimeSettings {
  /** How long past freshness a value is served while it is loaded anew. Default: by preset. */
  readonly staleWhileRevalidate?: Duration | undefined;
  /** How long past freshness a value is served when its load fails. Default: by preset. */
  readonly staleIfError?: Duration | undefined;
  /** How long `null` is fresh. Default: by preset, never more than the ttl. */
  readonly negativeTtl?: Duration | undefined;
  /** Share of the ttl, from 0 to 1, by which lives are shortened at random, so that what was stored together does not end together. */
  readonly jitter?: number | undefined;
  /** `beta` of XFetch (Vattani et al., 2015), from 0 to 10: 1 is the optimum of the paper, 0 is off. */
  readonly earlyRefresh?: number | undefined;
  /** A load that takes longer goes on behind a stale value, if there is one. `false`: it is waited for. At most `'5m'`. */
  readonly softTimeout?: Duration | false | undefined;
  /** A caller waits no longer for a load. More than `softTimeout`, at most `'5m'`; what takes longer than 25 s is not stored. */
  readonly hardTimeout?: Duration | undefined;
  /** After a failed load no other is begun for so long while there is a stale value. At most `'1h'`; 0 is off. */
  readonly throttle?: Duration | undefined;
  /** One load for all isolates. */
  readonly lease?: boolean | undefined;
}

/** The settings of a cache. Each of them overrides the preset. */
export interface CacheSettings extends TimeSettings {
  /** Default `production`; for `createCache()` without Redis `minimal`. */
  readonly preset?: PresetName | undefined;
  /** `false`: nothing is stored, nothing is served from a store. */
  readonly enabled?: boolean | undefined;
  /** First part of every key, 1 to 16 characters of a-z, 0-9 and -. Default `tc`. */
  readonly keyPrefix?: string | undefined;
  /** Part of every key, from 1 to 1,000,000: raising it abandons everything that is stored. Default 1. */
  readonly keyVersion?: number | undefined;
  /** How long a value is fresh. At most `maxTtl`. Default: by preset. */
  readonly defaultTtl?: Duration | undefined;
  /** The longest life of an entry, stale windows included, from `'1s'` to `'365d'`. Default `'30d'`. */
  readonly maxTtl?: Duration | undefined;
  /** How long a lease holds when its owner does not give it back, from `'100ms'` to `'1m'`: at least as long as a load may take. */
  readonly leaseMs?: Duration | undefined;
  /** How long others wait for what the owner of the lease loads. At most `leaseMs`. */
  readonly leaseWait?: Duration | undefined;
  /** How long an isolate may serve without asking for purges, at most `'1h'`; 0 asks on every read. Default: by preset. */
  readonly coherenceMs?: Duration | undefined;
  /** How long copies are served while Redis does not answer, at most `'1d'`. Default: by preset. */
  readonly maxUnverifiedMs?: Duration | undefined;
  /** Memory of one isolate: copies, views and bookkeeping, from `'1MiB'` to `'96MiB'`. Default `'16MiB'`. */
  readonly memoryBytes?: Size | undefined;
  /** A larger value is not stored, at most `'7MiB'`. Default: by preset. */
  readonly maxEntryBytes?: Size | undefined;
  /** Whether the data centre's cache is a tier. Needs Redis. Default: by preset. */
  readonly regional?: boolean | undefined;
  /** Values of at least so many bytes are compressed; `false` for none. Default: by preset. */
  readonly compressionThreshold?: Size | false | undefined;
  /** The first encrypts, all decrypt. `false`: nothing is encrypted, on purpose. */
  readonly encryptionKeys?: readonly EncryptionKeySetting[] | false | undefined;
  /** Default: by preset. */
  readonly logLevel?: LogLevel | undefined;
  /** `false`: none, also where the preset needs it; all promises hold inside one isolate then. */
  readonly redis?: RedisSettings | false | undefined;
  /** By name: a letter, then up to 63 of letters, digits, `_` and `-`. */
  readonly namespaces?: NamespaceMap | undefined;
}
