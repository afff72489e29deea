import { makeCache, type Cache } from '../cache/cache.ts';
import type { NamespaceMap } from '../cache/options.ts';
import { RESERVED_NAMES, type TenantCache } from '../cache/tenant-cache.ts';
import { assembleEngine, type TierChoice } from '../engine/assemble.ts';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import { RuleBook, type RuleSet } from '../invalidation/rules.ts';
import { platformClock } from '../runtime.ts';
import { Counters } from '../telemetry/counters.ts';
import { Emitter } from '../telemetry/emitter.ts';
import type { Sink } from '../telemetry/events.ts';
import { KeySpace } from '../tenant/key.ts';
import { isTenantId, TENANT_ID_FORM } from '../tenant/tenant-id.ts';
import type { CacheSettings } from './cache-settings.ts';
import type { LogLevel } from './config.ts';
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
  /** What domain events purge, `invalidationRules()`. Default: nothing. */
  readonly rules?: RuleSet;
  /** Keeps work alive after a response. Default: the platform's, for the request in which a method is called. */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** A cache of a single tenant: it has the tenant's namespaces and methods as well. */
export type SingleTenantCache<Namespaces extends NamespaceMap> = Cache<Namespaces> &
  Omit<TenantCache<Namespaces>, keyof Cache<Namespaces>>;

/** What the platform gives when nothing else is said. */
export interface Platform {
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Writes events of a level and graver ones. */
  readonly log: (level: LogLevel) => Sink;
}

/**
 * Makes a cache. Make one for an isolate, outside of any request.
 *
 * Without a `preset` it is `production` where Redis is configured and `minimal` (memory only) where it is not. Throws one
 * `ConfigError` that lists every problem by the path of its option.
 */
export function createCacheOn<const Namespaces extends NamespaceMap>(
  options: CacheOptions<Namespaces> & { readonly tenant?: string },
  platform: Platform,
): Cache<Namespaces> | SingleTenantCache<Namespaces> {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null)
    throw new ConfigError([{ field: 'options', message: `is ${shown(given)}, must be an object` }]);
  const { authority, tiers, waitUntil, tenant, rules, ...settings } = options;
  const problems: ConfigProblem[] = [];
  if (authority !== undefined && settings.redis !== undefined)
    problems.push({ field: 'redis', message: 'is said twice: authority as well' });
  const named: unknown = settings.namespaces;
  if (typeof named !== 'object' || named === null)
    problems.push({
      field: 'namespaces',
      message: `is ${shown(named)}, must be an object of namespaces by name`,
    });
  else
    for (const name of Object.keys(named))
      if (RESERVED_NAMES.has(name))
        problems.push({ field: `namespaces.${name}`, message: 'is the name of a method' });
  if (tenant !== undefined && !(typeof tenant === 'string' && isTenantId(tenant)))
    problems.push({ field: 'tenant', message: `is ${shown(tenant)}, must be ${TENANT_ID_FORM}` });
  if (waitUntil !== undefined && typeof waitUntil !== 'function')
    problems.push({ field: 'waitUntil', message: `is ${shown(waitUntil)}, must be a function` });
  if (rules !== undefined && !isRules(rules))
    problems.push({ field: 'rules', message: `is ${shown(rules)}, must be invalidationRules()` });
  const settled = withAuthority(settings, authority, problems);
  const listed = tiers === undefined ? undefined : resolveTiers(tiers, hasRedis(settled), problems);
  if (listed?.bytes !== undefined && settings.memoryBytes !== undefined)
    problems.push({ field: 'memoryBytes', message: 'is said twice: memory({ bytes }) as well' });
  const config = resolved(settled, problems);
  const memoryBytes = listed?.bytes ?? config.memoryBytes;
  const counters = new Counters();
  const log = config.logLevel === 'silent' ? undefined : platform.log(config.logLevel);
  const emitter = new Emitter(log);
  const sink: Sink = (event) => {
    counters.sink(event);
    emitter.sink(event);
    log?.(event);
  };
  const keys = new KeySpace(config.keyPrefix, config.keyVersion);
  const engine = assembleEngine({
    ...config,
    memoryBytes,
    keys,
    tiers: listed?.tiers ?? defaultTiers(config),
    clock: platformClock,
    sink,
  });
  const definitions = settings.namespaces;
  const cache = makeCache<Namespaces>({
    preset: config.preset,
    engine,
    keys,
    counters,
    emitter,
    sink,
    clock: platformClock,
    waitUntil: waitUntil ?? platform.waitUntil,
    coherenceMs: config.coherenceMs,
    rules: rules ?? new RuleBook(),
    namespaces: Object.fromEntries(
      Object.entries(config.namespaces).map(([name, namespace]) => [
        name,
        { given: definitions[name] ?? {}, settings: namespace },
      ]),
    ),
  });
  return tenant === undefined ? cache : asSingleTenant(cache, tenant);
}

/** The presets that use no Redis, named or not. */
const WITHOUT_REDIS: ReadonlySet<unknown> = new Set(['minimal', 'disabled']);

/** Settings, as far as anything has been settled about them. */
type Settled = Readonly<Record<string, unknown>>;

function withAuthority(settings: object, authority: unknown, problems: ConfigProblem[]): Settled {
  if (authority === undefined) return withPreset({ ...settings });
  const isObject = typeof authority === 'object' && authority !== null;
  const type: unknown = isObject ? Reflect.get(authority, 'type') : undefined;
  if (type === 'isolate') return withPreset({ ...settings, redis: false });
  if (isObject && type === 'redis') {
    const redis = Object.fromEntries(Object.entries(authority).filter(([name]) => name !== 'type'));
    const settled = withPreset({ ...settings, redis });
    if (WITHOUT_REDIS.has(settled['preset']))
      problems.push({
        field: 'authority',
        message: `is Redis, which the preset ${String(settled['preset'])} does not use`,
      });
    return settled;
  }
  problems.push({ field: 'authority', message: 'must be redis({ url, token }) or inIsolate()' });
  return withPreset({ ...settings });
}

/** Somebody who names no preset means what the stores that they name can do. */
function withPreset(settings: Settled): Settled {
  if (settings['preset'] !== undefined) return settings;
  return { ...settings, preset: settings['redis'] ? 'production' : 'minimal' };
}

function hasRedis({ redis, preset }: Settled): boolean {
  return Boolean(redis) && !WITHOUT_REDIS.has(preset);
}

/** Checks the settings, and throws what is wrong with them together with what has been found already. */
function resolved(settings: Settled, problems: readonly ConfigProblem[]): CacheConfig {
  let config: CacheConfig;
  try {
    config = resolveCacheOptions(settings);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError([...error.problems, ...problems]);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function isRules(value: unknown): value is RuleSet {
  return (
    typeof value === 'object' && value !== null && 'of' in value && typeof value.of === 'function'
  );
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
    invalidate: { value: own.invalidate.bind(own), enumerable: true },
    stamp: { value: own.stamp.bind(own), enumerable: true },
  };
  // The properties just defined are what the type says.
  return Object.defineProperties({ ...cache }, descriptors) as SingleTenantCache<Namespaces>;
}
