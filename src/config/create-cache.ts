import { makeCache, type Cache } from '../cache/cache.ts';
import type { NamespaceMap } from '../cache/options.ts';
import { RESERVED_NAMES, type TenantCache } from '../cache/tenant-cache.ts';
import { assembleEngine, type TierChoice } from '../engine/assemble.ts';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import { platformClock } from '../runtime.ts';
import { Counters } from '../telemetry/counters.ts';
import { Emitter } from '../telemetry/emitter.ts';
import type { Sink } from '../telemetry/events.ts';
import { KeySpace } from '../tenant/key.ts';
import { isTenantId, TENANT_ID_FORM } from '../tenant/tenant-id.ts';
import type { CacheSettings } from './cache-settings.ts';
import { resolveCacheOptions, type CacheConfig } from './library.ts';
import { shown } from './shown.ts';
import { resolveTiers, type AuthorityOption, type TierOption } from './stores.ts';

/** What a cache is made of. Every setting has a default, which the preset decides. */
export interface CacheOptions<Namespaces extends NamespaceMap> extends Omit<
  CacheSettings,
  'namespaces'
> {
  readonly namespaces: Namespaces;
  /** `redis({ url, token })` or `inIsolate()`. Default: Redis where the setting `redis` names it. */
  readonly authority?: AuthorityOption;
  /** Fastest first. Default: memory, and the data centre's cache where the preset has it. Without Redis: memory alone. */
  readonly tiers?: readonly TierOption[];
  /** Keeps work alive after a response. Default: the platform's, for the request in which a method is called. */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** A cache of a single tenant: it has the tenant's namespaces and methods as well. */
export type SingleTenantCache<Namespaces extends NamespaceMap> = Cache<Namespaces> &
  Omit<TenantCache<Namespaces>, keyof Cache<Namespaces>>;

/**
 * Makes a cache. Make one for an isolate, outside of any request.
 *
 * Without a `preset` it is `production` where Redis is configured and `minimal` (memory only) where it is not. Throws one
 * `ConfigError` that lists every problem by the path of its option.
 *
 * @param platform what the platform gives when nothing else is said
 */
export function createCacheOn<const Namespaces extends NamespaceMap>(
  options: CacheOptions<Namespaces> & { readonly tenant?: string },
  platform: { readonly waitUntil: (work: Promise<unknown>) => void },
): Cache<Namespaces> | SingleTenantCache<Namespaces> {
  const { authority, tiers, waitUntil, tenant, ...settings } = options;
  const problems: ConfigProblem[] = [];
  const listed = tiers === undefined ? undefined : resolveTiers(tiers, problems);
  if (listed?.bytes !== undefined && settings.memoryBytes !== undefined)
    problems.push({ field: 'memoryBytes', message: 'is said twice: memory({ bytes }) as well' });
  if (authority && settings.redis !== undefined)
    problems.push({ field: 'redis', message: 'is said twice: authority as well' });
  for (const name of Object.keys(settings.namespaces ?? {}))
    if (RESERVED_NAMES.has(name))
      problems.push({ field: `namespaces.${name}`, message: 'is the name of a method' });
  if (tenant !== undefined && !(typeof tenant === 'string' && isTenantId(tenant)))
    problems.push({ field: 'tenant', message: `is ${shown(tenant)}, must be ${TENANT_ID_FORM}` });
  if (waitUntil !== undefined && typeof waitUntil !== 'function')
    problems.push({ field: 'waitUntil', message: `is ${shown(waitUntil)}, must be a function` });
  const config = resolved(withAuthority(settings, authority, problems), listed?.bytes, problems);
  const emitter = new Emitter();
  const counters = new Counters();
  const sink: Sink = (event) => {
    counters.sink(event);
    emitter.sink(event);
  };
  const keys = new KeySpace(config.keyPrefix, config.keyVersion);
  const engine = assembleEngine({
    ...config,
    keys,
    tiers: listed?.tiers ?? defaultTiers(config),
    clock: platformClock,
    sink,
  });
  const given = settings.namespaces;
  const cache = makeCache<Namespaces>({
    preset: config.preset,
    engine,
    keys,
    counters,
    emitter,
    clock: platformClock,
    waitUntil: waitUntil ?? platform.waitUntil,
    coherenceMs: config.coherenceMs,
    namespaces: Object.fromEntries(
      Object.entries(config.namespaces).map(([name, namespace]) => [
        name,
        { given: given[name] ?? {}, settings: namespace },
      ]),
    ),
  });
  return tenant === undefined ? cache : asSingleTenant(cache, tenant);
}

function withAuthority(
  settings: Omit<CacheSettings, 'namespaces'> & { readonly namespaces: NamespaceMap },
  authority: AuthorityOption | undefined,
  problems: ConfigProblem[],
): unknown {
  if (authority === undefined) return withPreset(settings);
  const type: unknown = typeof authority === 'object' ? Reflect.get(authority, 'type') : undefined;
  if (type === 'isolate') return withPreset({ ...settings, redis: false });
  if (type === 'redis') {
    const { type: _, ...redis } = authority as Extract<AuthorityOption, { type: 'redis' }>;
    return withPreset({ ...settings, redis });
  }
  problems.push({ field: 'authority', message: 'must be redis({ url, token }) or inIsolate()' });
  return withPreset(settings);
}

/** Somebody who names no preset means what the stores that they name can do. */
function withPreset(settings: { readonly preset?: unknown; readonly redis?: unknown }): unknown {
  if (settings.preset !== undefined) return settings;
  return { ...settings, preset: settings.redis ? 'production' : 'minimal' };
}

function resolved(
  settings: unknown,
  memoryBytes: number | undefined,
  problems: ConfigProblem[],
): CacheConfig {
  try {
    const config = resolveCacheOptions(settings);
    if (problems.length > 0) throw new ConfigError([]);
    return memoryBytes === undefined ? config : { ...config, memoryBytes };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError([...error.problems, ...problems]);
  }
}

function defaultTiers({ regional }: CacheConfig): readonly TierChoice[] {
  const memory: TierChoice = { type: 'memory' };
  if (!regional) return [memory];
  const base = (): string => 'https://tiercel.invalid';
  return [memory, { type: 'regional', base, name: 'tiercel' }];
}

function asSingleTenant<Namespaces extends NamespaceMap>(
  cache: Cache<Namespaces>,
  tenant: string,
): SingleTenantCache<Namespaces> {
  const own = cache.forTenant(tenant);
  const descriptors = {
    ...Object.getOwnPropertyDescriptors(own),
    tenant: { value: tenant, enumerable: true },
    purge: { value: own.purge.bind(own), enumerable: true },
    stamp: { value: own.stamp.bind(own), enumerable: true },
  };
  // The properties just defined are what the type says.
  return Object.defineProperties({ ...cache }, descriptors) as SingleTenantCache<Namespaces>;
}
