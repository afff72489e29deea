import { readEnvFile } from './env-file.ts';

/** What the user's `.dev.vars` says of what the launcher has a part in. */
export interface UserSettings {
  /** All variables that it sets. */
  readonly names: ReadonlySet<string>;
  /** Lists that the launcher adds an entry of its own to. What is wrong inside of them, the Worker says. */
  readonly lists: Readonly<Record<ListName, readonly unknown[]>>;
  /** TENANTS. Undefined where it is not set, or no JSON list, which the Worker says. */
  readonly tenants: readonly unknown[] | undefined;
  readonly adminHost: string | undefined;
  /** Whom the launcher's own requests, its token and the events of the demo are for: the first tenant that has the demo as its origin, else the first. */
  readonly tenant: LaunchedTenant;
}

/** A tenant, and a host of it that leads to this machine, if it has one. */
export interface LaunchedTenant {
  readonly id: string;
  readonly host: string;
}

/** Something in `.dev.vars` that nothing can be added to: one sentence, without the value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** What a tenant in `.dev.vars` says in place of its origin's address: the origin of this run. */
export const DEMO_ORIGIN = 'demo';
export const DEMO_TENANT: LaunchedTenant = { id: 'demo', host: 'localhost' };

const EXAMPLES = {
  CREDENTIALS: '[{"id":"mine","sha256":"<of the token>","tenant":"*","scopes":["purge"]}]',
  EVENT_SECRETS: '[{"id":"mine","tenant":"*","secret":"whsec_<base64>"}]',
};
export type ListName = keyof typeof EXAMPLES;

/** Reads the text of `.dev.vars`; an empty one where there is none. Throws SettingsError. */
export function readUserSettings(text: string): UserSettings {
  const variables = readEnvFile(text);
  const tenants = listIn(variables.get('TENANTS'));
  const list = (name: ListName): readonly unknown[] => {
    const value = variables.get(name) ?? '';
    const parsed = value.trim() === '' ? [] : listIn(value);
    if (parsed) return parsed;
    throw new SettingsError(
      `${name} in .dev.vars is no JSON list: write one, in single quotes, as in ${name}='${EXAMPLES[name]}'.`,
    );
  };
  return {
    names: new Set(variables.keys()),
    lists: { CREDENTIALS: list('CREDENTIALS'), EVENT_SECRETS: list('EVENT_SECRETS') },
    tenants,
    adminHost: variables.get('ADMIN_HOST'),
    tenant: launchedTenant(tenants ?? []),
  };
}

/** A member of something that may be anything. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** The host of a tenant that a request from this machine reaches; the first one where none is known to be such. */
export function localHost(tenant: unknown): string | undefined {
  const listed = memberOf(tenant, 'hosts');
  const hosts = Array.isArray(listed) ? listed.filter((host) => typeof host === 'string') : [];
  const local = [/^localhost$/, /^127\.0\.0\.1$/, /\.localhost$/, /^/];
  return local.flatMap((form) => hosts.filter((host) => form.test(host)))[0];
}

function launchedTenant(tenants: readonly unknown[]): LaunchedTenant {
  const found = tenants.find((tenant) => memberOf(tenant, 'origin') === DEMO_ORIGIN) ?? tenants[0];
  const [id, host] = [memberOf(found, 'id'), localHost(found)];
  return typeof id === 'string' && host !== undefined ? { id, host } : DEMO_TENANT;
}

function listIn(text: string | undefined): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
