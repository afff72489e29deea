import type { Duration } from '../cache/durations.ts';
import type { TierChoice } from '../engine/assemble.ts';
import type { ConfigProblem } from '../errors.ts';
import type { Tier } from '../tiers/tier.ts';
import type { RedisSettings } from './cache-settings.ts';
import { duration, size } from './kinds.ts';
import { check } from './problems.ts';
import { shown } from './shown.ts';
import type { Size } from './sizes.ts';

/** The store that orders purges, and has what every isolate shares. */
export type AuthorityOption = RedisAuthorityOption | { readonly type: 'isolate' };

export interface RedisAuthorityOption extends RedisSettings {
  readonly type: 'redis';
}

/** Redis over HTTP (the Upstash REST protocol): shared by all isolates. */
export function redis(settings: RedisSettings): RedisAuthorityOption {
  return { ...settings, type: 'redis' };
}

/** No Redis: this isolate's memory. All promises hold inside the isolate; others have caches of their own. */
export function inIsolate(): { readonly type: 'isolate' } {
  return { type: 'isolate' };
}

export interface MemoryOption {
  readonly type: 'memory';
  readonly bytes?: Size;
  readonly lifetime?: Duration;
}

export interface RegionalOption {
  readonly type: 'regional';
  readonly base?: string;
  readonly name?: string;
  readonly lifetime?: Duration;
}

export interface CustomOption {
  readonly type: 'custom';
  readonly tier: Tier;
}

/** One tier of the list, fastest first. */
export type TierOption = MemoryOption | RegionalOption | CustomOption;

/**
 * The memory of the isolate.
 * @param options `bytes`: budget of all per-isolate memory, views and bookkeeping counted; default 16 MiB. `lifetime`: the
 * longest that a copy is kept; default 10 minutes.
 */
export function memory(options: Omit<MemoryOption, 'type'> = {}): MemoryOption {
  return { ...options, type: 'memory' };
}

/**
 * The Workers Cache API of the data centre.
 * @param options `base`: scheme and host under which copies are filed; a host that the Worker serves saves the platform a
 * DNS lookup; default `https://tiercel.invalid`. `name`: the platform's cache; default `tiercel`. `lifetime`: the longest
 * that a copy is kept; default 1 hour.
 */
export function regional(options: Omit<RegionalOption, 'type'> = {}): RegionalOption {
  return { ...options, type: 'regional' };
}

/**
 * A store of your own, for instance another platform's. It may lose anything at any time, and need not know of purges:
 * whoever reads checks. It gets entries as they are, neither compressed nor encrypted: what it does with them is its own.
 */
export function customTier(tier: Tier): CustomOption {
  return { type: 'custom', tier };
}

const LIFETIME = duration(1, 24 * 3_600_000);
const BUDGET = size(1_048_576, 96 * 1_048_576);
const RESERVED: ReadonlySet<string> = new Set(['memory', 'regional', 'redis', 'isolate']);
const CACHE_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Checks a list of tiers. `bytes` is the budget that its memory tier names.
 * @param shared true where there is Redis
 */
export function resolveTiers(
  given: unknown,
  shared: boolean,
  problems: ConfigProblem[],
): { readonly tiers: readonly TierChoice[]; readonly bytes: number | undefined } {
  if (!Array.isArray(given)) {
    problems.push({ field: 'tiers', message: `is ${shown(given)}, must be a list of tiers` });
    return { tiers: [], bytes: undefined };
  }
  let bytes: number | undefined;
  const seen = new Set<string>();
  const tiers: TierChoice[] = [];
  given.forEach((option: unknown, at) => {
    const field = `tiers[${at}]`;
    if (!isTierOption(option)) {
      problems.push({
        field,
        message:
          'must be memory(), regional() or customTier() with name, local, lifetimeMs (up to a day), get, put and delete',
      });
      return;
    }
    const name = option.type === 'custom' ? option.tier.name : option.type;
    if (option.type === 'custom' && (RESERVED.has(name) || name === ''))
      problems.push({
        field: `${field}.name`,
        message: `is ${shown(name)}, which is the name of another store`,
      });
    if (!shared && option.type !== 'memory')
      problems.push({
        field,
        message: 'needs Redis: what is behind the memory of an isolate could not be purged',
      });
    if (!shared && option.type === 'memory' && option.lifetime !== undefined)
      problems.push({
        field: `${field}.lifetime`,
        message: 'needs Redis: memory is the only store, and keeps values as long as they live',
      });
    if (seen.has(name)) problems.push({ field, message: `is a second tier '${name}'` });
    seen.add(name);
    if (option.type === 'custom') {
      tiers.push(option);
      return;
    }
    const lifetimeMs =
      option.lifetime === undefined
        ? undefined
        : check(LIFETIME.option, option.lifetime, `${field}.lifetime`, problems);
    if (option.type === 'memory') {
      if (option.bytes !== undefined)
        bytes = check(BUDGET.option, option.bytes, `${field}.bytes`, problems);
      tiers.push({ type: 'memory', lifetimeMs });
      return;
    }
    const { base = 'https://tiercel.invalid', name: cache = 'tiercel' } = option;
    if (!URL.canParse(base) || new URL(base).origin !== base)
      problems.push({
        field: `${field}.base`,
        message: 'must be a scheme and a host, such as https://api.example',
      });
    if (!CACHE_NAME.test(cache))
      problems.push({
        field: `${field}.name`,
        message: `is ${shown(cache)}, must be 1 to 64 of letters, digits, '.', '_' and '-'`,
      });
    tiers.push({ type: 'regional', base: () => base, name: cache, lifetimeMs });
  });
  return { tiers, bytes };
}

function isTierOption(option: unknown): option is TierOption {
  if (typeof option !== 'object' || option === null) return false;
  const type: unknown = Reflect.get(option, 'type');
  if (type === 'memory' || type === 'regional') return true;
  const tier: unknown = Reflect.get(option, 'tier');
  return (
    type === 'custom' &&
    typeof tier === 'object' &&
    tier !== null &&
    ['get', 'put', 'delete'].every((name) => typeof Reflect.get(tier, name) === 'function') &&
    typeof Reflect.get(tier, 'name') === 'string' &&
    typeof Reflect.get(tier, 'local') === 'boolean' &&
    isLifetime(Reflect.get(tier, 'lifetimeMs'))
  );
}

function isLifetime(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= 24 * 3_600_000;
}
