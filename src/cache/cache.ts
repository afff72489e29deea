import { LRUCache } from 'lru-cache';
import { defaultSerializer, type Serializer } from '../codec/serializer.ts';
import type { Engine, StoreHealth } from '../engine/assemble.ts';
import { purgeEverything } from '../engine/purge.ts';
import type { Lifetimes } from '../engine/promotion.ts';
import { ConfigError, InvalidKey } from '../errors.ts';
import type { RuleSet } from '../invalidation/rules.ts';
import type { Clock, Execution } from '../runtime.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { Emitter, EventName, Listener } from '../telemetry/emitter.ts';
import { EVENT_TYPES, listenerError, type Sink } from '../telemetry/events.ts';
import type { KeySpace } from '../tenant/key.ts';
import type { PurgeMode } from '../tenant/target.ts';
import { isTenantId, TENANT_ID_FORM, type TenantId } from '../tenant/tenant-id.ts';
import { namespacePrefix } from './keys.ts';
import type { NamespaceMap, NamespaceOptions, NamespaceSettings } from './options.ts';
import { checkOptions, OPTION_NAMES } from './call-options.ts';
import type { NamespaceParts, Scope } from './scope.ts';
import { tenantCache, type TenantCache } from './tenant-cache.ts';
import { ValueFace } from './value-face.ts';

/** What this isolate knows of a cache. Other isolates know for themselves. */
export interface CacheStats {
  readonly preset: string;
  /** Undefined without a memory tier. */
  readonly memory: { readonly bytes: number; readonly entries: number } | undefined;
  /** Tiers in their order, the authority last: circuit breakers, and whether they keep what they are given. */
  readonly stores: readonly StoreHealth[];
}

/** What became of a purge of everything. */
export interface EverythingPurged {
  /** How many tenants there were. */
  readonly tenants: number;
  readonly effectiveWithinMs: number;
}

/** A cache. Make one, for as long as the isolate lives; it holds nothing of any request. */
export interface Cache<Namespaces extends NamespaceMap> {
  /**
   * The cache of one tenant. Throws `InvalidKey` for a name that is none: 1 to 64 characters of a-z, 0-9, `_` and `-`.
   * @param execution whose `waitUntil` keeps work alive after the response. Default: that of the request in which a
   * method is called, where the platform tells it
   */
  forTenant(tenant: string, execution?: Execution): TenantCache<Namespaces>;
  /**
   * Purges every tenant of this cache's key prefix and version. Rejects with `AuthorityUnavailable` when some may have been
   * left out: repeat it, that does no harm.
   */
  purgeEverything(options?: { readonly mode?: PurgeMode }): Promise<EverythingPurged>;
  /**
   * Hears events by name, or all by `*`, until the function that it answers is called. A listener that throws changes
   * nothing for anybody, and is a `listener_error` itself. Throws `ConfigError` for a name that no event has.
   */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void;
  stats(): CacheStats;
}

/** What a cache is made of, resolved. */
export interface CacheParts {
  readonly preset: string;
  readonly engine: Engine;
  readonly keys: KeySpace;
  readonly counters: Counters;
  readonly emitter: Emitter;
  /** Where all events go, the emitter included. */
  readonly sink: Sink;
  readonly clock: Clock;
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly coherenceMs: number;
  /** What domain events purge. */
  readonly rules: RuleSet;
  /** Each namespace's functions, as they were given, and its settings, resolved. */
  readonly namespaces: Readonly<
    Record<string, { readonly given: NamespaceOptions; readonly settings: NamespaceSettings }>
  >;
}

/** Tenants whose objects are kept: they are cheap to make again. */
const MAX_TENANTS = 1000;

/** Makes a cache. */
export function makeCache<Namespaces extends NamespaceMap>(parts: CacheParts): Cache<Namespaces> {
  const { engine, keys, counters, emitter, sink, clock, coherenceMs } = parts;
  const namespaces = new Map(
    Object.entries(parts.namespaces).map(([name, { given, settings }]) => [
      name,
      namespaceParts(name, given, settings, engine.parts.authority.local, sink),
    ]),
  );
  const prefixes = new Set([...namespaces.values()].map(({ prefix }) => prefix));
  // Without Redis there is only this isolate, which knows at once.
  const withinMs = engine.parts.authority.local ? 0 : coherenceMs;
  const tenants = new LRUCache<TenantId, TenantCache<Namespaces>>({ max: MAX_TENANTS });
  const made = (tenant: TenantId, waitUntil: CacheParts['waitUntil']): TenantCache<Namespaces> => {
    const scope: Scope = {
      parts: engine.parts,
      keys,
      tenant,
      runtime: { ...clock, waitUntil: failSoft(waitUntil, sink) },
      coherenceMs: withinMs,
      prefixes,
      rules: parts.rules,
    };
    return tenantCache<Namespaces>(scope, counters, namespaces);
  };
  return {
    forTenant(tenant, execution) {
      const id: unknown = tenant;
      if (typeof id !== 'string' || !isTenantId(id))
        throw new InvalidKey(
          `The name of a tenant must be ${TENANT_ID_FORM}, not ${typeof id === 'string' ? `'${id.slice(0, 80)}'` : typeof id}.`,
        );
      const outlives: unknown = execution;
      if (outlives !== undefined && !hasWaitUntil(outlives))
        throw new ConfigError(
          [{ field: 'execution', message: 'must have a function waitUntil' }],
          'The arguments of forTenant() have',
        );
      if (execution) return made(id, (work) => execution.waitUntil(work));
      let known = tenants.get(id);
      if (!known) {
        known = made(id, parts.waitUntil);
        tenants.set(id, known);
      }
      return known;
    },
    async purgeEverything(options = {}) {
      checkOptions(options, OPTION_NAMES.purge);
      const { mode = 'hard' } = options;
      const count = await purgeEverything(engine.parts, mode);
      return { tenants: count, effectiveWithinMs: withinMs };
    },
    on(name, listener) {
      checkListener(name, listener);
      return emitter.on(name, listener);
    },
    stats: () => ({ preset: parts.preset, memory: engine.memory(), stores: engine.stores() }),
  };
}

/** @param local true where memory is the only store, in which values live as long as they do */
function namespaceParts(
  name: string,
  given: NamespaceOptions,
  settings: NamespaceSettings,
  local: boolean,
  sink: Sink,
): NamespaceParts {
  const serializer: Serializer = given.serializer ?? defaultSerializer;
  const { schema } = given;
  const { earlyRefresh, softTimeoutMs, hardTimeoutMs, throttleMs, leaseMs, leaseWaitMs } = settings;
  const leases = { ttlMs: leaseMs, waitMs: leaseWaitMs };
  return {
    prefix: namespacePrefix(name, settings.version),
    leases,
    policy: {
      earlyRefresh,
      softTimeoutMs,
      hardTimeoutMs,
      throttleMs,
      lease: settings.lease ? leases : undefined,
      lifetimes: local ? undefined : lifetimesOf(settings),
    },
    making: {
      face: new ValueFace({
        serializer,
        check: schema && { schema, migrate: given.migrate?.bind(given) },
        sharing: settings.sharing,
        sink,
      }),
      keeping: settings,
      tagsOf: given.tags?.bind(given),
    },
  };
}

function lifetimesOf({ tiers }: NamespaceSettings): Lifetimes | undefined {
  const given = [
    ['memory', tiers.memoryMs],
    ['regional', tiers.regionalMs],
  ] as const;
  const said = given.flatMap(([name, ms]) => (ms === undefined ? [] : [[name, ms] as const]));
  return said.length > 0 ? Object.fromEntries(said) : undefined;
}

/**
 * Whoever asks gets an answer, also where work can't be kept alive: outside a request, or by a function that has lost its
 * `this`. The work goes on for as long as the platform lets it.
 */
function failSoft(
  waitUntil: CacheParts['waitUntil'],
  sink: Sink,
): (work: Promise<unknown>) => void {
  return (work) => {
    try {
      waitUntil(work);
    } catch (error) {
      work.catch(() => undefined);
      sink(listenerError('waitUntil', error));
    }
  };
}

const EVENT_NAMES: ReadonlySet<string> = new Set([...EVENT_TYPES, '*']);

function checkListener(name: unknown, listener: unknown): void {
  if (typeof name !== 'string' || !EVENT_NAMES.has(name))
    throw new ConfigError(
      [{ field: 'on', message: `'${String(name).slice(0, 40)}' is the name of no event` }],
      'The arguments of on() have',
    );
  if (typeof listener !== 'function')
    throw new ConfigError(
      [{ field: 'on', message: 'the listener must be a function' }],
      'The arguments of on() have',
    );
}

function hasWaitUntil(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'waitUntil' in value &&
    typeof value.waitUntil === 'function'
  );
}
