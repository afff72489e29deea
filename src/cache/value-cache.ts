import type { EntryDraft } from '../codec/entry.ts';
import { ConfigError } from '../errors.ts';
import { lookup } from '../engine/lookup.ts';
import { peek } from '../engine/peek.ts';
import { lookupMany } from '../engine/lookup-many.ts';
import { countHit, obtain, obtainAnew, serveNear } from '../engine/obtain.ts';
import { obtainMany } from '../engine/obtain-many.ts';
import type { Found, Lookup, Miss } from '../engine/found.ts';
import type { Source } from '../engine/load.ts';
import type { ReadPolicy } from '../engine/policy.ts';
import { canBeDueEarly } from '../engine/refresh-time.ts';
import { stale as staleEvent } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { KeyInput } from '../tenant/segments.ts';
import type { Prepared } from '../tiers/tier.ts';
import { staleAtOnce } from '../engine/stale.ts';
import { checkOptions, OPTION_NAMES, policyWith } from './call-options.ts';
import { segmentsOf } from './keys.ts';
import { runLoader, type Loader, type LoaderContext } from './loader.ts';
import { runManyLoader } from './many-loader.ts';
import type {
  CacheEntry,
  GetOptions,
  ManyLoader,
  Namespace,
  SetOptions,
  SetResult,
  TouchResult,
  WrapOptions,
} from './namespace.ts';
import type { ReadOptions, ValueOptions } from './options.ts';
import { purgeScope, type PurgeOptions, type PurgeResult, type PurgeTargets } from './purge.ts';
import { keyOf, type NamespaceParts, type Scope } from './scope.ts';
import { touchValue } from './touch.ts';
import { uniqueKeys } from './unique-keys.ts';
import { writeMany } from './write.ts';

const NO_OPTIONS: ValueOptions = {};

/** The values of one namespace of one tenant, over the engine. */
export class ValueCache<V> implements Namespace<V> {
  readonly #scope: Scope;
  readonly #namespace: NamespaceParts;

  constructor(scope: Scope, namespace: NamespaceParts) {
    this.#scope = scope;
    this.#namespace = namespace;
  }

  // Not async: a hit in memory costs one promise.
  get(key: KeyInput, options?: GetOptions): Promise<V | undefined> {
    try {
      const cacheKey = this.#key(key);
      if (options !== undefined) checkOptions(options, OPTION_NAMES.get);
      const { parts, runtime } = this.#scope;
      const near = peek(parts, cacheKey, runtime.now());
      if (near?.state === 'fresh') {
        countHit(parts, cacheKey, near, runtime);
        return Promise.resolve(this.#reveal(near.prepared, near.entry));
      }
      return this.#getFar(cacheKey, options);
    } catch (error) {
      return rejected(error);
    }
  }

  getOrSet(key: KeyInput, loader: Loader<V>, options?: ReadOptions): Promise<V>;
  getOrSet(
    key: KeyInput,
    loader: Loader<V, V | undefined>,
    options?: ReadOptions,
  ): Promise<V | undefined>;
  getOrSet(
    key: KeyInput,
    loader: Loader<V, V | undefined>,
    options: ReadOptions = NO_OPTIONS,
  ): Promise<V | undefined> {
    try {
      const cacheKey = this.#key(key);
      checkFunction('loader', loader);
      const { parts, runtime } = this.#scope;
      const { policy, leases } = this.#namespace;
      let read = policy;
      if (options !== NO_OPTIONS) {
        checkOptions(options, OPTION_NAMES.read);
        read = policyWith(policy, leases, options);
      }
      const forced = options.fresh === true;
      const now = runtime.now();
      const near = forced ? undefined : peek(parts, cacheKey, now);
      if (near?.state === 'fresh' && !canBeDueEarly(near.entry, read.earlyRefresh, now)) {
        countHit(parts, cacheKey, near, runtime);
        return Promise.resolve(this.#reveal(near.prepared, near.entry));
      }
      const source = this.#source(cacheKey, key, loader, options, read);
      const served = near && serveNear(parts, source, near, runtime);
      if (served) return Promise.resolve(this.#reveal(served.prepared, served.draft));
      return this.#obtain(source, forced);
    } catch (error) {
      return rejected(error);
    }
  }

  async getMany(keys: readonly KeyInput[], options?: GetOptions): Promise<(V | undefined)[]> {
    if (options !== undefined) checkOptions(options, OPTION_NAMES.get);
    const { parts, tenant, runtime } = this.#scope;
    const { making, policy } = this.#namespace;
    const { unique, places } = uniqueKeys(this.#scope, this.#namespace, keys);
    const askedAt = runtime.now();
    const lookups = await lookupMany(parts, tenant, unique, making.face, runtime, policy.lifetimes);
    const values = lookups.map((found, at) => {
      const one = found.found ? found : this.#staleOf(unique[at], found, options, askedAt);
      return one && this.#reveal(one.prepared, one.entry);
    });
    return places.map((at) => values[at]);
  }

  async getOrSetMany(
    keys: readonly KeyInput[],
    loader: ManyLoader<V>,
    options: ValueOptions = NO_OPTIONS,
  ): Promise<(V | undefined)[]> {
    checkFunction('loader', loader);
    checkOptions(options, OPTION_NAMES.value);
    const { parts, tenant, runtime } = this.#scope;
    const { making, policy } = this.#namespace;
    const { unique, places, inputs } = uniqueKeys(this.#scope, this.#namespace, keys);
    const inputByKey = new Map(unique.map((key, at) => [key, inputs[at] ?? key.key]));
    const inputOf = (key: CacheKey): KeyInput => inputByKey.get(key) ?? key.key;
    const source = {
      face: making.face,
      policy,
      load: runManyLoader(loader as ManyLoader<unknown>, inputOf, making, options, runtime),
    };
    const obtained = await obtainMany(parts, tenant, unique, source, runtime);
    const values = obtained.map((one) => one && this.#reveal(one.prepared, one.draft));
    return places.map((at) => values[at]);
  }

  async set(key: KeyInput, value: V, options: SetOptions = NO_OPTIONS): Promise<SetResult> {
    const [result] = await this.setMany([[key, value]], options);
    return result ?? { stored: false, reason: 'undefined' };
  }

  setMany(
    entries: Iterable<readonly [key: KeyInput, value: V]>,
    options: SetOptions = NO_OPTIONS,
  ): Promise<SetResult[]> {
    return writeMany(this.#scope, this.#namespace, entries, options);
  }

  async delete(key: KeyInput): Promise<void> {
    await this.purge({ keys: [key] });
  }

  async has(key: KeyInput): Promise<boolean> {
    const cacheKey = this.#key(key);
    return (await this.#lookup(cacheKey)).found;
  }

  async entry(key: KeyInput): Promise<CacheEntry<V> | undefined> {
    const cacheKey = this.#key(key);
    const found = await this.#lookup(cacheKey);
    const one = found.found ? found : found.stale;
    if (!one) return undefined;
    const { entry, prepared, tier, verified } = one;
    const now = this.#scope.runtime.now();
    return {
      value: this.#reveal(prepared, entry),
      tier,
      state: found.found ? 'fresh' : 'stale',
      age: Math.max(0, now - entry.createdAt),
      ttl: found.found ? Math.max(0, entry.freshUntil - now) : 0,
      tags: entry.tags,
      verified,
    };
  }

  touch(
    key: KeyInput,
    options: Pick<ValueOptions, 'ttl' | 'staleWhileRevalidate' | 'staleIfError'> = NO_OPTIONS,
  ): Promise<TouchResult> {
    return touchValue(this.#scope, this.#namespace, key, options);
  }

  async purge(targets: PurgeTargets, options?: PurgeOptions): Promise<PurgeResult> {
    return purgeScope(this.#scope, this.#namespace.prefix, targets, options);
  }

  wrap<Args extends readonly unknown[]>(
    fn: (...args: Args) => V | Promise<V>,
    wrapping: WrapOptions<Args>,
  ): (...args: Args) => Promise<V> {
    checkFunction('fn', fn);
    const given: unknown = wrapping;
    if (typeof given !== 'object' || given === null)
      throw new ConfigError([
        { field: 'options', message: 'must be an object with a function key' },
      ]);
    const { key, ...options } = wrapping;
    checkFunction('key', key);
    checkOptions(options, OPTION_NAMES.read);
    return async (...args) => this.getOrSet(key(...args), () => fn(...args), options);
  }

  async #getFar(key: CacheKey, options: GetOptions | undefined): Promise<V | undefined> {
    const askedAt = this.#scope.runtime.now();
    const found = await this.#lookup(key);
    const one = found.found ? found : this.#staleOf(key, found, options, askedAt);
    return one && this.#reveal(one.prepared, one.entry);
  }

  /** Something stale, for those who ask for it as well. */
  #staleOf(
    key: CacheKey | undefined,
    missed: Miss,
    options: GetOptions | undefined,
    askedAt: number,
  ): Found | undefined {
    const { parts, runtime } = this.#scope;
    if (!key || options?.stale !== true) return undefined;
    const stale = staleAtOnce(parts, key, missed, runtime, askedAt);
    if (stale) parts.sink(staleEvent(key.tenant, key.key, stale.tier, 'requested', stale.verified));
    return stale;
  }

  async #obtain(source: Source, forced: boolean): Promise<V> {
    const { parts, runtime } = this.#scope;
    const { prepared, draft } = await (forced
      ? obtainAnew(parts, source, runtime)
      : obtain(parts, source, runtime));
    return this.#reveal(prepared, draft);
  }

  #lookup(key: CacheKey): Promise<Lookup> {
    const { parts, runtime } = this.#scope;
    const { making, policy } = this.#namespace;
    return lookup(parts, key, making.face, runtime, policy.lifetimes);
  }

  #source(
    key: CacheKey,
    input: KeyInput,
    loader: Loader<V, V | undefined>,
    options: ValueOptions,
    policy: ReadPolicy,
  ): Source {
    const { making } = this.#namespace;
    const { runtime } = this.#scope;
    const segments = segmentsOf(input);
    // The context is of the namespace's types: its schema says so, or whoever declared it.
    const call = loader as (context: LoaderContext<unknown>) => unknown;
    return {
      key,
      face: making.face,
      policy,
      load: (context) => runLoader(call, segments, making, options, context, runtime),
    };
  }

  #key(input: KeyInput): CacheKey {
    return keyOf(this.#scope, this.#namespace, input);
  }

  /** What the face makes of an entry is of the namespace's type: its schema says so, or whoever declared it. */
  #reveal(prepared: Prepared, entry: Pick<EntryDraft, 'value' | 'form'>): V {
    return this.#namespace.making.face.reveal(prepared, entry) as V;
  }
}

/** What a method that is not async answers instead of throwing. */
function rejected(error: unknown): Promise<never> {
  return (async () => {
    throw error;
  })();
}

function checkFunction(field: string, value: unknown): void {
  if (typeof value !== 'function')
    throw new ConfigError(
      [{ field, message: `must be a function, not a ${typeof value}` }],
      'The call has',
    );
}
