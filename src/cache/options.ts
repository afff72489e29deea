import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Serializer } from '../codec/serializer.ts';
import type { Duration } from './durations.ts';

declare const VALUE: unique symbol;

/**
 * How the values of a namespace are kept. Durations are milliseconds, or text such as `'10m'`. What is left out is the
 * cache's own default, which its preset decides.
 */
export interface NamespaceOptions<V = unknown> {
  /** How long a value is fresh. At most the cache's `maxTtl`. */
  readonly ttl?: Duration;
  /** How long past that it is served while it is loaded anew (RFC 5861, section 3). */
  readonly staleWhileRevalidate?: Duration;
  /** How long past that it is served when a load fails or is slow (RFC 5861, section 4). */
  readonly staleIfError?: Duration;
  /** How long `null` is fresh. */
  readonly negativeTtl?: Duration;
  /** Share of the ttl, from 0 to 1, by which lives are shortened at random, so that what was stored together does not end together. */
  readonly jitter?: number;
  /** Beta of XFetch (Vattani et al., VLDB 2015): above 1 refreshes earlier, 0 never. Uses the measured load time. */
  readonly earlyRefresh?: number;
  /** So long a caller waits for a load while there is something stale to serve; `false` to the end. */
  readonly softTimeout?: Duration | false;
  /** So long any caller waits for a load; its signal is aborted then. */
  readonly hardTimeout?: Duration;
  /** For so long after a failed load what is stale is served without another attempt. */
  readonly throttle?: Duration;
  /** One load at a time among all isolates, by a lease in Redis. Costs a request on every miss. */
  readonly lease?: boolean;
  /** The absolute life of a value, which `touch` can't pass. Default: the cache's `maxTtl`. */
  readonly maxLife?: Duration;
  /**
   * A shorter life of copies in a tier; 0 keeps values out of it. Default: as long as the tier keeps any. Without Redis
   * memory holds no copies but the values themselves, and this says nothing.
   */
  readonly tiers?: { readonly memory?: Duration; readonly regional?: Duration };
  /** Part of the key: another one abandons what was stored. A positive whole number. */
  readonly version?: number;
  /**
   * `frozen` (default): plain JSON data is shared by all callers, deeply frozen; anything else is a copy for each.
   * `copy`: every caller gets a copy of their own, which costs a decoding on every hit.
   */
  readonly sharing?: 'frozen' | 'copy';
  /** Tags of a value, besides those of the call. `key` is the key's segments. */
  tags?(value: V, key: readonly string[]): readonly string[];
  /** Checks values when they are written and when they are read (standardschema.dev). A stored value that no longer fits is a miss. */
  readonly schema?: StandardSchemaV1<unknown, V>;
  /** Makes a stored value that does not fit the schema fit; `undefined` when that can't be done. The result is checked again. */
  migrate?(value: unknown): unknown;
  /** Default: JSON where that is exact, else a form that keeps Date, Map, Set, BigInt, typed arrays and undefined fields. */
  readonly serializer?: Serializer;
  /** Never there: carries the type of the values. */
  readonly [VALUE]?: V;
}

/** The namespaces of a cache, by name: a letter, then up to 63 letters, digits, `_` and `-`; no name of a method. */
export type NamespaceMap = Readonly<Record<string, NamespaceOptions>>;

/** The type of a namespace's values. */
export type ValueOf<Options> = Options extends {
  readonly schema: StandardSchemaV1<infer _Input, infer Output>;
}
  ? Output
  : Options extends { readonly [VALUE]?: infer Value }
    ? Value
    : unknown;

/** The type in which a namespace's values are written: what its schema reads. */
export type InputOf<Options> = Options extends {
  readonly schema: StandardSchemaV1<infer Input, infer _Output>;
}
  ? Input
  : ValueOf<Options>;

/** Options of a namespace whose values a schema checks, and types: as they are read, and as they are written. */
export type SchemaOptions<Schema extends StandardSchemaV1> = Omit<
  NamespaceOptions<StandardSchemaV1.InferOutput<Schema>>,
  'schema'
> & { readonly schema: Schema };

/**
 * Options of a namespace: with values of type `V`, `namespace<User>({ ttl: '10m' })`; or of a schema's type,
 * `namespace({ schema, tags: (user) => [user.team] })`.
 */
export function namespace<Schema extends StandardSchemaV1>(
  options: SchemaOptions<Schema>,
): SchemaOptions<Schema>;
export function namespace<V>(options?: NamespaceOptions<V>): NamespaceOptions<V>;
export function namespace(options: NamespaceOptions = {}): NamespaceOptions {
  return options;
}

/** What a write, or a loader, may say of one value. Wins over the namespace's options. */
export interface ValueOptions {
  /** For `null` as well, in place of the namespace's `negativeTtl`. */
  readonly ttl?: Duration;
  readonly staleWhileRevalidate?: Duration;
  readonly staleIfError?: Duration;
  readonly maxLife?: Duration;
  /** 1 to 256 characters each, 128 at most with the namespace's. */
  readonly tags?: readonly string[];
}

/** What a read through the cache may say. Wins over the namespace's options. */
export interface ReadOptions extends ValueOptions {
  /** Loads also where something fresh is stored; that is served if the load fails. Default false. */
  readonly fresh?: boolean;
  readonly softTimeout?: Duration | false;
  readonly hardTimeout?: Duration;
  readonly throttle?: Duration;
  readonly lease?: boolean;
}

/** How values are kept, resolved: milliseconds. */
export interface Keeping {
  readonly ttlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly negativeTtlMs: number;
  readonly jitter: number;
  readonly maxLifeMs: number;
}

/** A namespace, resolved and checked. */
export interface NamespaceSettings extends Keeping {
  readonly earlyRefresh: number;
  readonly softTimeoutMs: number | undefined;
  readonly hardTimeoutMs: number;
  readonly throttleMs: number;
  readonly lease: boolean;
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
  /** The longest life of a copy; undefined where the tier decides. */
  readonly tiers: {
    readonly memoryMs: number | undefined;
    readonly regionalMs: number | undefined;
  };
  readonly version: number;
  readonly sharing: 'frozen' | 'copy';
}
