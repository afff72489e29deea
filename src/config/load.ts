import * as z from 'zod';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import type { Config, RedisConfig } from './config.ts';
import { credentialsField, plainFields, tenantsField } from './fields.ts';
import { isLoopback } from './loopback.ts';
import { DEFAULT_PRESET, PRESETS } from './presets.ts';

/** The Worker's variables and secrets, as they come: nothing is trusted. */
export type Variables = Readonly<Record<string, unknown>>;

const MAX_LIFETIME_MS = 30 * 24 * 3_600_000;
const MAX_LOAD_MS = 25_000;

const SETTINGS: ReadonlySet<string> = new Set(['CACHE_PRESET', ...Object.keys(plainFields)]);

/**
 * Reads a deployment's configuration. Throws one {@link ConfigError} that lists every problem.
 * @param bundledTenants the list that counts when `TENANTS` is not set
 */
export function loadConfig(variables: Variables, bundledTenants: unknown): Config {
  const problems: ConfigProblem[] = [];
  const named = variables['CACHE_PRESET'] ?? DEFAULT_PRESET;
  const presetName = typeof named === 'string' ? named : JSON.stringify(named);
  const preset = Object.hasOwn(PRESETS, presetName) ? PRESETS[presetName] : undefined;
  if (!preset)
    problems.push({
      field: 'CACHE_PRESET',
      message: `'${presetName.slice(0, 40)}' is unknown; must be one of ${Object.keys(PRESETS).join(', ')}`,
    });

  const plain = check(
    z.object(plainFields),
    { readable: true, value: pick(variables, Object.keys(plainFields)) },
    '',
    problems,
  );
  const tenants = check(
    tenantsField,
    json(variables['TENANTS'] ?? bundledTenants, 'TENANTS', problems),
    'TENANTS',
    problems,
  );
  const credentials = check(
    credentialsField,
    json(variables['CREDENTIALS'] ?? [], 'CREDENTIALS', problems),
    'CREDENTIALS',
    problems,
  );
  tenants?.forEach((tenant, at) => {
    if (plain?.ADMIN_HOST !== undefined && tenant.hosts.includes(plain.ADMIN_HOST)) {
      problems.push({
        field: `TENANTS[${at}].hosts`,
        message: 'must not hold the ADMIN_HOST',
      });
    }
  });
  credentials?.forEach(({ tenant }, at) => {
    if (tenant !== '*' && tenants && !tenants.some(({ id }) => id === tenant)) {
      problems.push({ field: `CREDENTIALS[${at}].tenant`, message: 'is the id of no tenant' });
    }
  });
  if (preset?.redis === false && plain?.CACHE_REDIS === 'required') {
    problems.push({
      field: 'CACHE_REDIS',
      message: 'must not be required: this preset has no Redis',
    });
  }
  for (const name of Object.keys(variables)) {
    if (name.startsWith('CACHE_') && typeof variables[name] === 'string' && !SETTINGS.has(name)) {
      problems.push({ field: name, message: 'is no setting of Tiercel' });
    }
  }
  const redis =
    preset?.redis === false
      ? undefined
      : checkRedis(
          variables,
          plain?.CACHE_REDIS ?? 'optional',
          plain?.CACHE_REDIS_TIMEOUT_MS ?? preset?.redisTimeoutMs,
          problems,
        );

  if (problems.length > 0 || !preset || !plain || !tenants || !credentials)
    throw new ConfigError(problems);
  return {
    preset: presetName,
    keyPrefix: plain.CACHE_KEY_PREFIX,
    keyVersion: plain.CACHE_VERSION,
    tenants: tenants.map(toPolicy),
    credentials,
    redis,
    adminHost: plain.ADMIN_HOST,
    coherenceMs: plain.CACHE_COHERENCE_MS ?? preset.coherenceMs,
    maxUnverifiedMs: plain.CACHE_MAX_UNVERIFIED_MS ?? preset.maxUnverifiedMs,
    memoryBytes: plain.CACHE_MEMORY_BYTES,
    maxEntryBytes: plain.CACHE_MAX_ENTRY_BYTES,
    maxLifetimeMs: MAX_LIFETIME_MS,
    maxLoadMs: MAX_LOAD_MS,
    originTimeoutMs: plain.CACHE_ORIGIN_TIMEOUT_MS,
    warmRequests: plain.CACHE_WARM_REQUESTS,
  };
}

function toPolicy(tenant: z.output<typeof tenantsField>[number]): TenantPolicy {
  const { id, hosts, origin, warm } = tenant;
  return {
    id,
    hosts,
    origin,
    warm: { base: warm?.base ?? `https://${hosts[0] ?? ''}`, paths: warm?.paths ?? [] },
  };
}

function checkRedis(
  variables: Variables,
  need: RedisConfig['need'],
  timeoutMs: number | undefined,
  problems: ConfigProblem[],
): RedisConfig | undefined {
  const url = variables['UPSTASH_REDIS_REST_URL'];
  const token = variables['UPSTASH_REDIS_REST_TOKEN'];
  const problem = redisUrlProblem(url);
  if (problem) problems.push({ field: 'UPSTASH_REDIS_REST_URL', message: problem });
  const tokenProblem = redisTokenProblem(token);
  if (tokenProblem) problems.push({ field: 'UPSTASH_REDIS_REST_TOKEN', message: tokenProblem });
  if (problem || typeof url !== 'string' || typeof token !== 'string' || timeoutMs === undefined)
    return undefined;
  return { url: url.replace(/\/+$/, ''), token, timeoutMs, need };
}

function redisTokenProblem(token: unknown): string | undefined {
  if (token === undefined || token === '') return 'is missing; it is a secret';
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return undefined;
  return 'must be visible ASCII characters, without a space or a line break at its end';
}

function redisUrlProblem(url: unknown): string | undefined {
  if (url === undefined || url === '')
    return 'is missing; this preset needs Redis (the preset minimal does not)';
  if (typeof url !== 'string' || !URL.canParse(url))
    return 'must be a URL such as https://name.upstash.io';
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return 'must not hold a user name or password';
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:' && isLoopback(hostname)) return undefined;
  return 'must begin with https:// (plain http:// is accepted for this machine itself only)';
}

/** Checks a value and adds each problem under the name of its variable. A value that is no JSON has its problem already. */
function check<T extends z.ZodType>(
  schema: T,
  value: Parsed,
  field: string,
  problems: ConfigProblem[],
): z.output<T> | undefined {
  if (!value.readable) return undefined;
  const result = schema.safeParse(value.value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    // The names of unknown members are not repeated: what is pasted into the wrong place may be a secret.
    const message =
      issue.code === 'unrecognized_keys' ? 'holds members that it does not have' : issue.message;
    problems.push({ field: place(field, issue.path), message });
  }
  return undefined;
}

/** What a variable holds, once its text is read. */
type Parsed = { readonly readable: true; readonly value: unknown } | { readonly readable: false };

/** A JSON text, or a value that the platform has parsed already. */
function json(value: unknown, field: string, problems: ConfigProblem[]): Parsed {
  if (typeof value !== 'string') return { readable: true, value };
  try {
    return { readable: true, value: JSON.parse(value) };
  } catch {
    problems.push({ field, message: 'is not valid JSON' });
    return { readable: false };
  }
}

function place(field: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, part) =>
      typeof part === 'number'
        ? `${name}[${part}]`
        : name === ''
          ? String(part)
          : `${name}.${String(part)}`,
    field,
  );
}

function pick(variables: Variables, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.filter((name) => variables[name] !== undefined).map((name) => [name, variables[name]]),
  );
}
