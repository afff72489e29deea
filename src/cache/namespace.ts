import type { Stamp } from '../codec/stamp.ts';
import type { KeyInput } from '../tenant/segments.ts';
import type { Loader, LoaderContext } from './loader.ts';
import type { ReadOptions, ValueOptions } from './options.ts';
import type { PurgeOptions, PurgeResult, PurgeTargets } from './purge.ts';

/** What became of a write. */
export type SetResult =
  | { readonly stored: true }
  | {
      readonly stored: false;
      /**
       * `superseded`: a purge of its tags, a prefix or the tenant is newer than what the value was computed from.
       * `too_large`: the cache takes no value of this size; an older value of the key is gone all the same.
       * `undefined`: there was no value. `expired`: its life is over already. `disabled`: the cache is off.
       */
      readonly reason: 'superseded' | 'too_large' | 'undefined' | 'expired' | 'disabled';
    };

/** What became of a touch. */
export type TouchResult =
  | { readonly touched: true }
  | {
      readonly touched: false;
      /** `absent`: nothing valid is stored. `purged`: a purge came first. `changed`: another value was stored meanwhile. */
      readonly reason: 'absent' | 'purged' | 'changed' | 'disabled';
    };

/** A stored value and what is known of it. */
export interface CacheEntry<V> {
  readonly value: V;
  /** The tier that had it: `memory`, `regional`, `redis` or `isolate`. */
  readonly tier: string;
  /** `stale`: past its ttl, or hit by a soft purge; not served by `get`. */
  readonly state: 'fresh' | 'stale';
  /** Milliseconds since it was made. */
  readonly age: number;
  /** Milliseconds of freshness that are left; 0 when it is stale. */
  readonly ttl: number;
  readonly tags: readonly string[];
  /** False when Redis did not answer, and the value is served on what was known before. */
  readonly verified: boolean;
}

/** What `get` may be asked for. */
export interface GetOptions {
  /** Also a value that is stale but may still be served while it is loaded anew. Default false. */
  readonly stale?: boolean;
}

/** What a write may say of its values. */
export interface SetOptions extends ValueOptions {
  /** What `stamp()` gave before the value was computed: a purge since then keeps the value out. Default: now. */
  readonly stamp?: Stamp;
}

/**
 * Makes values for exactly the missing keys: in their order, or by key; `undefined` where there is none, which ends what is
 * stored and stale.
 */
export type ManyLoader<V, Input = V> = (
  missing: readonly KeyInput[],
  context: Pick<LoaderContext<V>, 'signal'> & {
    /** Stale values in the order of the keys; none that a hard purge hit. */
    readonly stale: readonly (V | undefined)[];
  },
) =>
  | readonly (Input | undefined)[]
  | ReadonlyMap<KeyInput, Input | undefined>
  | Promise<readonly (Input | undefined)[] | ReadonlyMap<KeyInput, Input | undefined>>;

/** How a function is cached. */
export interface WrapOptions<Args extends readonly unknown[]> extends ReadOptions {
  /** The key of a call. Must tell all calls apart that may have different answers. */
  readonly key: (...args: Args) => KeyInput;
}

/**
 * The values of one namespace of one tenant: `V` as they are read, `Input` as they are written, which differ only where
 * a schema transforms. A key is text, split at `:`, or a list of segments that may hold any text.
 * Every method rejects with `InvalidKey` for a key that is none.
 *
 * Reads never fail because of a store: without one there is a miss. Writes and purges do, because others would go on
 * serving the old: with `AuthorityUnavailable` (nothing was stored) or `OutcomeUnknown` (the reply was lost).
 */
export interface Namespace<V, Input = V> {
  /** The value; `undefined` when there is none that is fresh. `null` is a value. */
  get(key: KeyInput, options?: GetOptions): Promise<V | undefined>;
  /**
   * The value, loaded when there is none: once for all who ask at the same time. Rejects with what the loader rejects
   * with, when nothing stale may be served instead; with `LoadTimeout`; with `UnserializableValue` or `InvalidValue` for a
   * value that can't be stored.
   */
  getOrSet(key: KeyInput, loader: Loader<V, Input>, options?: ReadOptions): Promise<V>;
  getOrSet(
    key: KeyInput,
    loader: Loader<V, Input | undefined>,
    options?: ReadOptions,
  ): Promise<V | undefined>;
  /** Values in the order of the keys. One request for all that this isolate does not hold. */
  getMany(keys: readonly KeyInput[], options?: GetOptions): Promise<(V | undefined)[]>;
  /** Values in the order of the keys; the loader gets exactly the missing ones. Nothing is refreshed early. */
  getOrSetMany(
    keys: readonly KeyInput[],
    loader: ManyLoader<V, Input>,
    options?: ValueOptions,
  ): Promise<(V | undefined)[]>;
  /** Stores a value in place of whatever anybody holds. Rejects with `UnserializableValue` (with the path), `InvalidValue`. */
  set(key: KeyInput, value: Input, options?: SetOptions): Promise<SetResult>;
  /** As `set`, in one request. Each outcome in the order of the entries. */
  setMany(
    entries: Iterable<readonly [key: KeyInput, value: Input]>,
    options?: SetOptions,
  ): Promise<SetResult[]>;
  /** Removes a value from every tier; the same as a hard purge of its key. */
  delete(key: KeyInput): Promise<void>;
  /** Whether `get` would find a value, `null` included. */
  has(key: KeyInput): Promise<boolean>;
  /** What is stored, fresh or stale, and what is known of it. */
  entry(key: KeyInput): Promise<CacheEntry<V> | undefined>;
  /** Makes a stored value fresh for its ttl from now on, without loading it; never past its absolute life, nor a purge. */
  touch(
    key: KeyInput,
    options?: Pick<ValueOptions, 'ttl' | 'staleWhileRevalidate' | 'staleIfError'>,
  ): Promise<TouchResult>;
  /** Purges of this namespace; `tags` are the tenant's. Resolves once it is acknowledged. */
  purge(targets: PurgeTargets, options?: PurgeOptions): Promise<PurgeResult>;
  /** The function with its answers cached in this namespace. */
  wrap<Args extends readonly unknown[]>(
    fn: (...args: Args) => Input | Promise<Input>,
    options: WrapOptions<Args>,
  ): (...args: Args) => Promise<V>;
}
