import type { NamespaceSettings } from '../cache/options.ts';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import type { CacheSettings, RedisSettings } from './cache-settings.ts';
import type { EngineSettings } from './config.ts';
import { presetKind, readSettings, resolveEngine } from './engine-settings.ts';
import { resolveNamespaces } from './namespaces.ts';
import { check, memberName, unknownMembers } from './problems.ts';
import { optionName, SETTING_IDS, variableName } from './settings.ts';
import { shown } from './shown.ts';
import { valueOfVariable, type Variables } from './variables.ts';

/** What a cache needs: the engine's settings, and each namespace's. */
export interface CacheConfig extends EngineSettings {
  readonly namespaces: Readonly<Record<string, NamespaceSettings>>;
}

const REDIS = 'redis.';
const MEMBERS: ReadonlySet<string> = new Set([
  'preset',
  'namespaces',
  'redis',
  ...SETTING_IDS.map(optionName).filter((name) => !name.startsWith(REDIS)),
]);
const REDIS_MEMBERS: ReadonlySet<string> = new Set(
  SETTING_IDS.map(optionName)
    .filter((name) => name.startsWith(REDIS))
    .map((name) => name.slice(REDIS.length)),
);

/**
 * Checks options ({@link CacheSettings}) and completes them from their preset. Throws one {@link ConfigError} that
 * lists every problem by the path of its option, members that are no option included. No message holds a secret.
 */
export function resolveCacheOptions(options: unknown): CacheConfig {
  const problems: ConfigProblem[] = [];
  const given = membersOf(options, '', MEMBERS, problems);
  const off = given['redis'] === false;
  const redis = off ? {} : membersOf(given['redis'], 'redis', REDIS_MEMBERS, problems);
  if (redis['need'] === 'off') {
    const message =
      "is 'off', must be one of optional, required; without Redis the option redis is false";
    problems.push({ field: 'redis.need', message });
  }
  const engine = resolveEngine(
    {
      kind: 'option',
      preset: { name: 'preset', value: given['preset'] },
      name: optionName,
      value: (id) => {
        if (off && id === 'redisNeed') return 'off';
        const name = optionName(id);
        return name.startsWith(REDIS) ? redis[name.slice(REDIS.length)] : given[name];
      },
    },
    problems,
  );
  const namespaces = resolveNamespaces(given['namespaces'], engine, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...engine, namespaces };
}

/** What other caches call things. */
const MEANT: Readonly<Record<string, string>> = {
  ttl: 'defaultTtl, or the ttl of a namespace',
  swr: 'staleWhileRevalidate',
  sie: 'staleIfError',
  grace: 'staleIfError',
  prefix: 'keyPrefix',
  version: 'keyVersion',
  timeout: 'hardTimeout, or redis.timeout',
  memory: 'memoryBytes, or tiers: [memory({ bytes })]',
  maxSize: 'memoryBytes',
  url: 'redis.url, or authority: redis({ url, token })',
  token: 'redis.token, or authority: redis({ url, token })',
  encryption: 'encryptionKeys',
  encryptionKey: 'encryptionKeys',
  compression: 'compressionThreshold',
};

function hint(name: string): string {
  const meant = Object.hasOwn(MEANT, name) ? MEANT[name] : undefined;
  return meant === undefined ? '' : `; perhaps ${meant}`;
}

/** The members of an object of options. Each that is none of `known` is a problem: a mistyped one would be taken for its default. */
function membersOf(
  value: unknown,
  field: string,
  known: ReadonlySet<string>,
  problems: ConfigProblem[],
): Readonly<Record<string, unknown>> {
  if (value === undefined && field !== '') return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    // Of what stands in the place of Redis nothing is said: it may be the token.
    const message =
      field === ''
        ? `is ${shown(value)}, must be an object`
        : 'must be an object with url and token, or false';
    problems.push({ field: field || 'options', message });
    return {};
  }
  const members = Object.entries(value);
  for (const [name, member] of members) {
    if (known.has(name) || member === undefined) continue;
    // Inside Redis the name is not repeated: what is pasted into the wrong place may be the token.
    problems.push(
      field === ''
        ? { field: memberName(name), message: `is no option of Tiercel${hint(name)}` }
        : { field, message: unknownMembers() },
    );
  }
  return Object.fromEntries(members);
}

/**
 * Reads the variables that docs/reference/configuration.md lists into options of the library, so that code can
 * override some of them: `{ ...cacheOptionsFromEnv(env), preset: 'simple' }`. Durations come out as milliseconds, sizes
 * as bytes. Variables that it does not know are somebody else's and left alone.
 *
 * Throws one {@link ConfigError} that lists every variable that can't be read. What they mean together is checked once
 * the options are complete.
 */
export function cacheOptionsFromEnv(env: object): CacheSettings {
  const given: unknown = env;
  if (typeof given !== 'object' || given === null)
    throw new ConfigError([{ field: 'env', message: `is ${shown(given)}, must be an object` }]);
  const names = ['CACHE_PRESET', ...SETTING_IDS.map(variableName)];
  const variables: Variables = Object.fromEntries(
    names.map((name): [string, unknown] => [name, Reflect.get(given, name)]),
  );
  const problems: ConfigProblem[] = [];
  const preset =
    variables['CACHE_PRESET'] === undefined
      ? undefined
      : check(presetKind.variable, variables['CACHE_PRESET'], 'CACHE_PRESET', problems);
  const { said, broken } = readSettings(
    { kind: 'variable', name: variableName, value: (id) => valueOfVariable(variables, id) },
    problems,
  );
  const { redisUrl, redisToken, redisNeed, redisTimeout, encryptionKeys, ...rest } = said;
  const missing = (id: 'redisUrl' | 'redisToken'): boolean =>
    said[id] === undefined && !broken.has(id);
  if (redisNeed !== 'off' && missing('redisUrl') !== missing('redisToken'))
    problems.push(
      missing('redisUrl')
        ? { field: variableName('redisUrl'), message: 'is missing; the token alone is no Redis' }
        : { field: variableName('redisToken'), message: 'is missing; it is a secret' },
    );
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    ...rest,
    ...(preset === undefined ? {} : { preset }),
    ...(encryptionKeys && { encryptionKeys: encryptionKeys.length > 0 && encryptionKeys }),
    ...redisOption(redisNeed, {
      ...(redisUrl === undefined ? {} : { url: redisUrl }),
      ...(redisToken === undefined ? {} : { token: redisToken }),
      ...(redisTimeout === undefined ? {} : { timeout: redisTimeout }),
    }),
  };
}

function redisOption(
  need: 'optional' | 'required' | 'off' | undefined,
  rest: Omit<RedisSettings, 'need'>,
): Pick<CacheSettings, 'redis'> {
  if (need === 'off') return { redis: false };
  const redis = need === undefined ? rest : { ...rest, need };
  return Object.keys(redis).length === 0 ? {} : { redis };
}
