import * as z from 'zod';
import type { ConfigProblem } from '../errors.ts';
import type { EngineSettings } from './config.ts';
import { formatDuration } from '../cache/durations.ts';
import type { NamespaceSettings } from '../cache/options.ts';
import { choice, schema, type Kind } from './kinds.ts';
import { check, memberName } from './problems.ts';
import { life, SETTINGS } from './settings.ts';
import { shown } from './shown.ts';
import { settleTimes } from './times.ts';

/** A function of the user's: what it takes and gives is checked by the types of whoever calls it. */
export type Callable = (...given: never[]) => unknown;

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const NAME_FORM = 'a letter, then up to 63 of letters, digits, _ and -';

/** How values are shared, for the reference. */
export const sharing = choice(['frozen', 'copy']);

/** What the settings of a namespace may be. Its functions are the user's own and pass as they are. */
export const namespaceFields = z.strictObject({
  ttl: maybe(life),
  staleWhileRevalidate: maybe(SETTINGS.staleWhileRevalidate.kind),
  staleIfError: maybe(SETTINGS.staleIfError.kind),
  negativeTtl: maybe(SETTINGS.negativeTtl.kind),
  jitter: maybe(SETTINGS.jitter.kind),
  earlyRefresh: maybe(SETTINGS.earlyRefresh.kind),
  softTimeout: maybe(SETTINGS.softTimeout.kind),
  hardTimeout: maybe(SETTINGS.hardTimeout.kind),
  throttle: maybe(SETTINGS.throttle.kind),
  lease: maybe(SETTINGS.lease.kind),
  maxLife: maybe(life),
  tiers: z
    .strictObject(
      { memory: maybe(life), regional: maybe(life) },
      {
        error: ({ code, input }) =>
          code === 'invalid_type' ? `is ${shown(input)}, must be an object` : undefined,
      },
    )
    .optional(),
  version: maybe(SETTINGS.keyVersion.kind),
  sharing: maybe(sharing),
  tags: passed('a function', isFunction),
  migrate: passed('a function', isFunction),
  serializer: passed('an object with the functions serialize and deserialize', isSerializer),
  schema: passed('a Standard Schema (https://standardschema.dev)', isStandardSchema),
});

/**
 * Checks the settings of all namespaces and completes them from those of the cache. Every problem is added to
 * `problems`, under `namespaces.{name}`; the answer is usable only if there are none. Functions are checked to be there; whoever gave
 * them has them with their types.
 */
export function resolveNamespaces(
  namespaces: unknown,
  settings: Pick<EngineSettings, 'defaults' | 'maxLifetimeMs' | 'maxLoadMs'>,
  problems: ConfigProblem[],
): Readonly<Record<string, NamespaceSettings>> {
  if (namespaces === undefined) return {};
  if (typeof namespaces !== 'object' || namespaces === null || Array.isArray(namespaces)) {
    const message = `is ${shown(namespaces)}, must be an object of namespaces by name`;
    problems.push({ field: 'namespaces', message });
    return {};
  }
  const resolved: [string, NamespaceSettings][] = [];
  for (const [name, given] of Object.entries(namespaces)) {
    if (!NAME.test(name)) {
      const message = `the name of a namespace must be ${NAME_FORM}; ${shown(name)} is none`;
      problems.push({ field: 'namespaces', message });
      continue;
    }
    const config = resolveNamespace(`namespaces.${name}`, given, settings, problems);
    if (config) resolved.push([name, config]);
  }
  return Object.fromEntries(resolved);
}

function resolveNamespace(
  field: string,
  given: unknown,
  { defaults, maxLifetimeMs, maxLoadMs }: Parameters<typeof resolveNamespaces>[1],
  problems: ConfigProblem[],
): NamespaceSettings | undefined {
  const refuse = (setting: string, message: string): void => {
    problems.push({ field: `${field}.${setting}`, message });
  };
  const said = readFields(field, given, problems);
  if (!said) return undefined;
  const over = (setting: string, ms: number | undefined): void => {
    if (ms !== undefined && ms > maxLifetimeMs) refuse(setting, atMost(ms, maxLifetimeMs));
  };
  if (said.migrate !== undefined && said.schema === undefined)
    refuse('migrate', 'needs a schema: it repairs what does not fit one');
  over('maxLife', said.maxLife);
  over('tiers.memory', said.tiers?.memory);
  over('tiers.regional', said.tiers?.regional);
  let limit = { ms: maxLifetimeMs, name: 'maxTtl' };
  if (said.maxLife !== undefined && said.maxLife <= maxLifetimeMs) {
    if (said.ttl === undefined || said.ttl <= said.maxLife)
      limit = { ms: said.maxLife, name: 'maxLife' };
    else
      refuse(
        'maxLife',
        `is ${formatDuration(said.maxLife)}, must be at least the ttl, which is ${formatDuration(said.ttl)}`,
      );
  }
  return {
    ...settleTimes(
      said,
      defaults,
      { life: limit, maxLoadMs },
      { refuse, name: (setting) => setting },
    ),
    maxLifeMs: said.maxLife ?? maxLifetimeMs,
    tiers: { memoryMs: said.tiers?.memory, regionalMs: said.tiers?.regional },
    version: said.version ?? 1,
    sharing: said.sharing ?? 'frozen',
  };
}

/** What was said, setting by setting: a bad one does not keep the others from being held against each other. */
function readFields(
  field: string,
  given: unknown,
  problems: ConfigProblem[],
): Partial<z.output<typeof namespaceFields>> | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    problems.push({ field, message: `is ${shown(given)}, must be an object` });
    return undefined;
  }
  const said: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!isField(name))
      problems.push({
        field: `${field}.${memberName(name)}`,
        message: 'is no setting of a namespace',
      });
    else said[name] = check(namespaceFields.shape[name], value, `${field}.${name}`, problems);
  }
  return said;
}

function isField(name: string): name is keyof typeof namespaceFields.shape {
  return Object.hasOwn(namespaceFields.shape, name);
}

function atMost(ms: number, most: number): string {
  return `is ${formatDuration(ms)}, must be at most maxTtl, which is ${formatDuration(most)}`;
}

function maybe<Out, In>(kind: Kind<Out, In>): z.ZodOptional<z.ZodType<Out, In>> {
  return kind.option.optional();
}

function passed<T>(
  allowed: string,
  fits: (value: unknown) => value is T,
): z.ZodOptional<z.ZodType<T, T>> {
  return schema<T, T>((value, refuse) => {
    if (fits(value)) return value;
    refuse(`is ${shown(value)}, must be ${allowed}`);
    return undefined;
  }).optional();
}

function isFunction(value: unknown): value is Callable {
  return typeof value === 'function';
}

function isSerializer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return ['serialize', 'deserialize'].every((name) => isFunction(Reflect.get(value, name)));
}

// Some libraries make their schemas functions.
function isStandardSchema(value: unknown): value is object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  if (typeof standard !== 'object' || standard === null) return false;
  return Reflect.get(standard, 'version') === 1 && isFunction(Reflect.get(standard, 'validate'));
}
