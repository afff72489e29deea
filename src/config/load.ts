import { ConfigError, type ConfigProblem } from '../errors.ts';
import type { Config } from './config.ts';
import { credentialList } from './credential-list.ts';
import { presetKind, resolveEngine } from './engine-settings.ts';
import { eventSecretList } from './event-secret-list.ts';
import { refuseOrigins } from './origins.ts';
import { check } from './problems.ts';
import { SETTING_IDS, variableName } from './settings.ts';
import { tenantList, toPolicy } from './tenant-list.ts';
import { valueOfVariable, type Variables } from './variables.ts';
import { readWorkerSettings, WORKER_SETTINGS } from './worker-settings.ts';

export type { Variables } from './variables.ts';

const KNOWN: ReadonlySet<string> = new Set([
  'CACHE_PRESET',
  ...SETTING_IDS.map(variableName),
  ...Object.keys(WORKER_SETTINGS),
]);

/**
 * Reads a deployment's configuration. Throws one {@link ConfigError} that lists every problem.
 * @param bundledTenants the list that counts when `TENANTS` is not set
 */
export function loadConfig(variables: Variables, bundledTenants: unknown): Config {
  const problems: ConfigProblem[] = [];
  const engine = resolveEngine(
    {
      kind: 'variable',
      preset: { name: 'CACHE_PRESET', value: variables['CACHE_PRESET'] },
      name: variableName,
      value: (id) => valueOfVariable(variables, id),
    },
    problems,
  );
  const named = presetKind.variable.safeParse(variables['CACHE_PRESET'] ?? engine.preset);
  const own = readWorkerSettings(variables, named.data, problems);
  const list = json(variables['TENANTS'] ?? bundledTenants, 'TENANTS', problems);
  const tenants = list && check(tenantList, list.value, 'TENANTS', problems, true);
  const tokens = json(variables['CREDENTIALS'] ?? [], 'CREDENTIALS', problems);
  const credentials = tokens && check(credentialList, tokens.value, 'CREDENTIALS', problems);
  const secrets = json(variables['EVENT_SECRETS'] ?? [], 'EVENT_SECRETS', problems);
  const eventSecrets = secrets && check(eventSecretList, secrets.value, 'EVENT_SECRETS', problems);
  tenants?.forEach((tenant, at) => {
    if (own.adminHost !== undefined && tenant.hosts.includes(own.adminHost)) {
      problems.push({ field: `TENANTS[${at}].hosts`, message: 'must not hold the ADMIN_HOST' });
    }
  });
  if (tenants) refuseOrigins(tenants, own, problems);
  const known = (name: string, owned: readonly { readonly tenant: string }[] | undefined): void =>
    owned?.forEach(({ tenant }, at) => {
      if (tenant !== '*' && tenants && !tenants.some(({ id }) => id === tenant)) {
        problems.push({ field: `${name}[${at}].tenant`, message: 'is the id of no tenant' });
      }
    });
  known('CREDENTIALS', credentials);
  known('EVENT_SECRETS', eventSecrets);
  for (const name of Object.keys(variables)) {
    if (name.startsWith('CACHE_') && typeof variables[name] === 'string' && !KNOWN.has(name)) {
      problems.push({ field: name, message: 'is no setting of Tiercel' });
    }
  }
  if (problems.length > 0 || !tenants || !credentials || !eventSecrets)
    throw new ConfigError(problems);
  return { ...engine, ...own, tenants: tenants.map(toPolicy), credentials, eventSecrets };
}

/** What a JSON text holds, or a value that the platform has parsed already. Undefined, with a problem, for another text. */
function json(
  value: unknown,
  field: string,
  problems: ConfigProblem[],
): { readonly value: unknown } | undefined {
  if (typeof value !== 'string') return { value };
  try {
    return { value: JSON.parse(value) };
  } catch (error) {
    problems.push({ field, message: `is not valid JSON${placeIn(value, error)}` });
    return undefined;
  }
}

/** Line and column, where the parser tells; nothing of the text, which may hold secrets. */
function placeIn(text: string, error: unknown): string {
  const position = /at position ([0-9]+)/.exec(String(error))?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return `: line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
