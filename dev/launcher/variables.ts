import { SCOPES } from '../../src/config/config.ts';
import { sha256, type DevelopmentCredential } from './credential.ts';
import {
  DEMO_ORIGIN,
  DEMO_TENANT,
  localHost,
  memberOf,
  type ListName,
  type UserSettings,
} from './user-settings.ts';

/** What the Worker's variables are made from. */
export interface StackAddresses {
  /** The Worker's port on 127.0.0.1. */
  readonly port: number;
  readonly endpoint: { readonly url: string; readonly token: string };
  readonly origin: string;
  /** Paths that the cron trigger warms. */
  readonly warm: readonly string[];
  readonly credential: DevelopmentCredential;
  /** What the demo's events are signed with: `whsec_` and base64. */
  readonly secret: string;
  /** Rules of the tenant: what its events purge. Default: none. */
  readonly rules?: readonly unknown[];
}

export const ADMIN_HOST = 'admin.localhost';

/** Variables that a user may set in `.dev.vars`; the rest has to fit what the launcher started. */
const LEFT_TO_THE_USER = ['ADMIN_HOST', 'CACHE_PRESET', 'CACHE_PRIVATE_ORIGINS', 'TENANTS'];

/** An entry of the launcher's own, and the member that no two entries of the list may share besides the id. */
interface OwnEntry {
  readonly entry: Readonly<Record<string, unknown>> & { readonly id: string };
  readonly by: 'sha256' | 'secret';
}

/**
 * The variables that the launcher sets for one run, by the names the Worker reads, and what of the user's settings went
 * into them, for people. They go before those in `.dev.vars`, so what is left to the user is not among them.
 */
export function runVariables(
  stack: StackAddresses,
  user: UserSettings,
): { variables: Record<string, string>; notes: string[] } {
  const kept = LEFT_TO_THE_USER.filter((name) => user.names.has(name));
  const notes = kept.length > 0 ? [`with ${kept.join(', ')} from .dev.vars`] : [];
  const variables: Record<string, string> = {
    CACHE_PRESET: 'development',
    // The origin is on this machine, also where the user's preset is one for the public.
    CACHE_PRIVATE_ORIGINS: 'allow',
    TENANTS: JSON.stringify([ownTenant(stack)]),
    ADMIN_HOST,
  };
  for (const name of kept) delete variables[name];
  if (user.tenants?.some(hasDemo)) {
    variables['TENANTS'] = JSON.stringify(user.tenants.map((tenant) => filledIn(tenant, stack)));
    notes.push(`the origin "${DEMO_ORIGIN}" is ${stack.origin}`);
  }
  for (const [name, own] of Object.entries(ownEntries(stack, user))) {
    const { list, note } = withOwn(name, user.lists[name as ListName], own);
    variables[name] = JSON.stringify(list);
    if (note !== undefined) notes.push(note);
  }
  variables['UPSTASH_REDIS_REST_URL'] = stack.endpoint.url;
  variables['UPSTASH_REDIS_REST_TOKEN'] = stack.endpoint.token;
  return { variables, notes };
}

function ownTenant({ port, origin, warm, rules }: StackAddresses): object {
  const { id, host } = DEMO_TENANT;
  return {
    id,
    hosts: [host, '127.0.0.1'],
    origin,
    warm: { base: `http://${host}:${port}`, paths: warm },
    ...(rules && { rules }),
  };
}

function ownEntries(
  { credential, secret }: StackAddresses,
  { tenant: { id: tenant } }: UserSettings,
): Record<ListName, OwnEntry> {
  const known = { id: credential.id, sha256: sha256(credential.token), tenant, scopes: SCOPES };
  return {
    CREDENTIALS: { entry: known, by: 'sha256' },
    EVENT_SECRETS: { entry: { id: 'cities', tenant, secret }, by: 'secret' },
  };
}

/** The user's list with the launcher's own entry behind it, under an id that is free; without it where the user has listed it under another name. */
function withOwn(
  name: string,
  given: readonly unknown[],
  { entry, by }: OwnEntry,
): { list: readonly unknown[]; note: string | undefined } {
  const isOwn = (one: unknown): boolean => memberOf(one, by) === entry[by];
  // Launchers used to write theirs into the file.
  const theirs = given.filter((one) => !(isOwn(one) && memberOf(one, 'id') === entry.id));
  if (theirs.length === 0) return { list: [entry], note: undefined };
  const note = `${name}: ${theirs.length} from .dev.vars`;
  if (theirs.some(isOwn)) return { list: theirs, note };
  const ids = new Set(theirs.map((one) => memberOf(one, 'id')));
  let { id } = entry;
  for (let number = 2; ids.has(id); number += 1) id = `${entry.id}-${number}`;
  return {
    list: [...theirs, { ...entry, id }],
    note: `${note}, and the launcher's own, '${id}'`,
  };
}

function hasDemo(tenant: unknown): boolean {
  return memberOf(tenant, 'origin') === DEMO_ORIGIN;
}

/** A tenant of the user's with the origin of this run, and with the address that its paths are warmed at. */
function filledIn(tenant: unknown, { port, origin }: StackAddresses): unknown {
  if (typeof tenant !== 'object' || tenant === null || !hasDemo(tenant)) return tenant;
  const warm = memberOf(tenant, 'warm');
  const base = `http://${localHost(tenant) ?? DEMO_TENANT.host}:${port}`;
  const warmed = typeof warm === 'object' && warm !== null && { warm: { base, ...warm } };
  return { ...tenant, origin, ...warmed };
}
