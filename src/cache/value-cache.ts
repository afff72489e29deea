import type { TouchOutcome } from '../authority/authority.ts';
import type { EntryDraft } from '../codec/entry.ts';
import { lookup, type Lookup } from '../engine/lookup.ts';
import { peek } from '../engine/peek.ts';
import { lookupMany } from '../engine/lookup-many.ts';
import { countHit, obtain, serveNear } from '../engine/obtain.ts';
import { obtainMany } from '../engine/obtain-many.ts';
import type { Source } from '../engine/load.ts';
import { canBeDueEarly } from '../engine/refresh-time.ts';
import { touch } from '../engine/touch.ts';
import { stale as staleEvent } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { KeyInput } from '../tenant/segments.ts';
import type { Prepared } from '../tiers/tier.ts';
import { servesWhileRevalidating } from '../engine/entry-state.ts';
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
import type { ValueOptions } from './options.ts';
import { purgeScope, type PurgeOptions, type PurgeResult, type PurgeTargets } from './purge.ts';
import { keyOf, type NamespaceParts, type Scope } from './scope.ts';
import { timesOf, withOptions } from './times.ts';
import { writeMany } from './write.ts';

const TOUCHED: TouchResult = { touched: true };
const untouched = (reason: 'absent' | 'changed' | 'purged'): TouchResult => ({
  touched: false,
  reason,
});
const TOUCH_RESULTS: Readonly<Record<TouchOutcome, TouchResult>> = {
  stored: TOUCHED,
  absent: untouched('absent'),
  refused: untouched('absent'),
  changed: untouched('changed'),
  newer: untouched('changed'),
  fenced: untouched('changed'),
  epoch: untouched('purged'),
  floor: untouched('purged'),
  purged: untouched('purged'),
};

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

  getOrSet(
    key: KeyInput,
    loader: Loader<V> | Loader<V | undefined>,
    options: ValueOptions = NO_OPTIONS,
  ): Promise<V> {
    try {
      const cacheKey = this.#key(key);
      const { parts, runtime } = this.#scope;
      const now = runtime.now();
      const near = peek(parts, cacheKey, now);
      const { earlyRefresh } = this.#namespace.policy;
      if (near?.state === 'fresh' && !canBeDueEarly(near.entry, earlyRefresh, now)) {
        countHit(parts, cacheKey, near, runtime);
        return Promise.resolve(this.#reveal(near.prepared, near.entry));
      }
      const source = this.#source(cacheKey, key, loader, options);
      const served = near && serveNear(parts, source, near, runtime);
      if (served) return Promise.resolve(this.#reveal(served.prepared, served.draft));
      return this.#obtain(source);
    } catch (error) {
      return rejected(error);
    }
  }

  async getMany(keys: readonly KeyInput[]): Promise<(V | undefined)[]> {
    const { parts, tenant, runtime } = this.#scope;
    const { making, policy } = this.#namespace;
    const { unique, places } = this.#unique(keys);
    const lookups = await lookupMany(parts, tenant, unique, making.face, runtime, policy.lifetimes);
    const values = await Promise.all(
      lookups.map(async (found) =>
        found.found ? this.#reveal(found.prepared, found.entry) : undefined,
      ),
    );
    return places.map((at) => values[at]);
  }

  async getOrSetMany(
    keys: readonly KeyInput[],
    loader: ManyLoader<V>,
    options: ValueOptions = NO_OPTIONS,
  ): Promise<(V | undefined)[]> {
    const { parts, tenant, runtime } = this.#scope;
    const { making, policy } = this.#namespace;
    const { unique, places, inputs } = this.#unique(keys);
    const inputByKey = new Map(unique.map((key, at) => [key, inputs[at] ?? key.key]));
    const inputOf = (key: CacheKey): KeyInput => inputByKey.get(key) ?? key.key;
    const source = {
      face: making.face,
      policy,
      load: runManyLoader(loader as ManyLoader<unknown>, inputOf, making, options, runtime),
    };
    const obtained = await obtainMany(parts, tenant, unique, source, runtime);
    const values = await Promise.all(
      obtained.map(async (one) => one && this.#reveal(one.prepared, one.draft)),
    );
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
      value: await this.#reveal(prepared, entry),
      tier,
      state: found.found ? 'fresh' : 'stale',
      age: Math.max(0, now - entry.createdAt),
      ttl: found.found ? Math.max(0, entry.freshUntil - now) : 0,
      tags: entry.tags,
      verified,
    };
  }

  async touch(
    key: KeyInput,
    options: Pick<ValueOptions, 'ttl' | 'staleWhileRevalidate' | 'staleIfError'> = NO_OPTIONS,
  ): Promise<TouchResult> {
    const cacheKey = this.#key(key);
    const { parts, runtime, enabled } = this.#scope;
    if (!enabled) return { touched: false, reason: 'disabled' };
    const kept = withOptions(this.#namespace.making.keeping, options);
    const { face } = this.#namespace.making;
    const timesFrom = (now: number, entry: EntryDraft) =>
      timesOf(kept, face.holdsNull(entry), now, 0);
    const outcome = await touch(parts, cacheKey, timesFrom, runtime);
    return TOUCH_RESULTS[outcome];
  }

  async purge(targets: PurgeTargets, options?: PurgeOptions): Promise<PurgeResult> {
    return purgeScope(this.#scope, this.#namespace.prefix, targets, options);
  }

  wrap<Args extends readonly unknown[]>(
    fn: (...args: Args) => V | Promise<V>,
    { key, ...options }: WrapOptions<Args>,
  ): (...args: Args) => Promise<V> {
    return async (...args) => this.getOrSet(key(...args), () => fn(...args), options);
  }

  async #getFar(key: CacheKey, options: GetOptions | undefined): Promise<V | undefined> {
    const found = await this.#lookup(key);
    if (found.found) return this.#reveal(found.prepared, found.entry);
    const { stale } = found;
    if (!stale || options?.stale !== true) return undefined;
    if (!servesWhileRevalidating(stale.entry, this.#scope.runtime.now())) return undefined;
    this.#scope.parts.sink(staleEvent(key.tenant, key.key, stale.tier, 'requested'));
    return this.#reveal(stale.prepared, stale.entry);
  }

  async #obtain(source: Source): Promise<V> {
    const { parts, runtime } = this.#scope;
    const { prepared, draft } = await obtain(parts, source, runtime);
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
    loader: Loader<V> | Loader<V | undefined>,
    options: ValueOptions,
  ): Source {
    const { making, policy } = this.#namespace;
    const { runtime } = this.#scope;
    return {
      key,
      face: making.face,
      policy,
      load: (context) =>
        runLoader(
          loader as (context: LoaderContext<unknown>) => unknown,
          segmentsOf(input),
          making,
          options,
          context,
          runtime,
        ),
    };
  }

  /** Each key once, and where the answer of each input stands. */
  #unique(inputs: readonly KeyInput[]): {
    readonly unique: CacheKey[];
    readonly inputs: KeyInput[];
    readonly places: number[];
  } {
    const positions = new Map<string, number>();
    const unique: CacheKey[] = [];
    const firsts: KeyInput[] = [];
    const places = inputs.map((input) => {
      const key = this.#key(input);
      const known = positions.get(key.key);
      if (known !== undefined) return known;
      positions.set(key.key, unique.length);
      firsts.push(input);
      return unique.push(key) - 1;
    });
    return { unique, inputs: firsts, places };
  }

  #key(input: KeyInput): CacheKey {
    return keyOf(this.#scope, this.#namespace, input);
  }

  /** What the face makes of an entry is of the namespace's type: its schema says so, or whoever declared it. */
  #reveal(prepared: Prepared, entry: Pick<EntryDraft, 'value' | 'form'>): V | Promise<V> {
    return this.#namespace.making.face.reveal(prepared, entry) as V | Promise<V>;
  }
}

/** What a method that is not async answers instead of throwing. */
function rejected(error: unknown): Promise<never> {
  return (async () => {
    throw error;
  })();
}
