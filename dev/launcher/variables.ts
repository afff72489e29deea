import { SCOPES } from '../../src/config/config.ts';
import { sha256, type DevelopmentCredential } from './credential.ts';

/** What the Worker's variables are made from. */
export interface StackAddresses {
  /** The Worker's port on 127.0.0.1. */
  readonly port: number;
  readonly endpoint: { readonly url: string; readonly token: string };
  readonly origin: string;
  /** Paths that the cron trigger warms. */
  readonly warm: readonly string[];
  readonly credential: DevelopmentCredential;
  /** Rules of the tenant: what its events purge. Default: none. */
  readonly rules?: readonly unknown[];
}

export const TENANT = 'demo';
export const ADMIN_HOST = 'admin.localhost';

/** CREDENTIALS: does not depend on the run, so that every launcher of a checkout writes the same. */
export function credentialVariables(credential: DevelopmentCredential): Record<string, string> {
  const known = {
    id: credential.id,
    sha256: sha256(credential.token),
    tenant: TENANT,
    scopes: SCOPES,
  };
  return { CREDENTIALS: JSON.stringify([known]) };
}

/** EVENT_SECRETS: who may send events of the tenant. Does not depend on the run either. */
export function eventVariables(secret: string): Record<string, string> {
  return { EVENT_SECRETS: JSON.stringify([{ id: 'cities', tenant: TENANT, secret }]) };
}

/** All variables of one run, by the names the Worker reads. */
export function runVariables(stack: StackAddresses): Record<string, string> {
  const tenant = {
    id: TENANT,
    hosts: ['localhost', '127.0.0.1'],
    origin: stack.origin,
    warm: { base: `http://localhost:${stack.port}`, paths: stack.warm },
    ...(stack.rules && { rules: stack.rules }),
  };
  return {
    UPSTASH_REDIS_REST_URL: stack.endpoint.url,
    UPSTASH_REDIS_REST_TOKEN: stack.endpoint.token,
    ...credentialVariables(stack.credential),
    CACHE_PRESET: 'development',
    TENANTS: JSON.stringify([tenant]),
    ADMIN_HOST,
  };
}

/** Variables that a user may set in `.dev.vars`; the rest has to fit what the launcher started. */
const LEFT_TO_THE_USER: ReadonlySet<string> = new Set(['TENANTS', 'CACHE_PRESET', 'ADMIN_HOST']);

/** The variables of a run without those that the user's own env file sets, and the names of these. */
export function respectUser(
  variables: Readonly<Record<string, string>>,
  userFile: string,
): { variables: Record<string, string>; kept: string[] } {
  const set = new Set(entries(userFile).map(nameOf));
  const kept = Object.keys(variables).filter((name) => LEFT_TO_THE_USER.has(name) && set.has(name));
  const rest = Object.entries(variables).filter(([name]) => !kept.includes(name));
  return { variables: Object.fromEntries(rest), kept };
}

/**
 * The text of an env file that has `variables` and keeps every line of `existing` that sets another
 * name, comments and order included. A replaced variable stays in its place; new ones go to the end.
 */
export function mergeEnvFile(
  existing: string,
  variables: Readonly<Record<string, string>>,
): string {
  const missing = new Map(Object.entries(variables));
  const lines: string[] = [];
  for (const line of entries(existing)) {
    const name = nameOf(line);
    if (name === undefined || !Object.hasOwn(variables, name)) {
      lines.push(line);
    } else if (missing.has(name)) {
      lines.push(`${name}=${quote(variables[name] ?? '')}`);
      missing.delete(name);
    }
  }
  for (const [name, value] of missing) lines.push(`${name}=${quote(value)}`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function nameOf(entry: string): string | undefined {
  return /^\s*(?:export\s+)?([\w.-]+)\s*[=:]/.exec(entry)?.[1];
}

/** One item per variable, comment or blank line; a quoted value may run over several lines. */
function entries(text: string): string[] {
  const found = text.match(
    /^[^\n\S]*(?:export\s+)?[\w.-]+[^\n\S]*[=:][^\n\S]*(?:'(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`)[^\n]*\n?|^[^\n]*\n|^[^\n]+$/gm,
  );
  return (found ?? []).map((entry) => entry.replace(/\r?\n$/, ''));
}

/** Single quotes keep everything literal but themselves; `$` would be expanded even inside them. */
function quote(value: string): string {
  return `'${value.replace(/['$]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
}
