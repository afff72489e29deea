import * as z from 'zod';
import { KEY_PREFIX } from '../tenant/key.ts';
import { isTenantId, TENANT_ID_FORM } from '../tenant/tenant-id.ts';
import { SCOPES } from './config.ts';
import { isLoopback } from './loopback.ts';

const MINUTE_MS = 60_000;
const MEBIBYTE = 1_048_576;

const HOST =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** A variable that holds a whole number, as text or as a number. */
const whole = (least: number, most: number) =>
  z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], {
      error: `must be a whole number from ${least} to ${most}`,
    })
    .refine(
      (value) => Number.isSafeInteger(value) && value >= least && value <= most,
      `must be a whole number from ${least} to ${most}`,
    );

const tenantId = z.string().refine(isTenantId, `must be ${TENANT_ID_FORM}`);

const host = z
  .string()
  .regex(HOST, 'must be a host name in lower case, without scheme, port or path');

/** Scheme, host and port, and for an origin a path in front of every path; written as the URL parser writes it, without a trailing slash. */
const baseUrl = z
  .string()
  .superRefine((text, context) => {
    const problem = baseUrlProblem(text);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  })
  .transform((text) => {
    if (!URL.canParse(text)) return text;
    const { origin, pathname } = new URL(text);
    return (origin + pathname).replace(/\/+$/, '');
  });

function baseUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL such as https://origin.example';
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https:// or http://';
  if (username !== '' || password !== '') return 'must not hold a user name or password';
  if (/[?#\s]/.test(text)) return 'must not hold a query, a fragment or a space';
  return undefined;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

const path = z
  .string()
  .regex(/^\/[^\s#]*$/, 'must be a path that begins with / and has no space or fragment');

/** The list in TENANTS. */
export const tenantsField = z
  .array(
    z.strictObject({
      id: tenantId,
      hosts: z.array(host).min(1, 'must name at least one host'),
      origin: baseUrl,
      warm: z.strictObject({ base: baseUrl.optional(), paths: z.array(path).max(1000) }).optional(),
    }),
  )
  .min(1, 'must hold at least one tenant')
  .superRefine((tenants, context) => {
    const taken = { ids: new Set<string>(), hosts: new Set<string>() };
    const refuse = (place: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path: place, message });
    // No message names another tenant's id or host: they are sent to whoever asks a Worker that refuses to serve.
    tenants.forEach((tenant, at) => {
      if (taken.ids.has(tenant.id)) refuse([at, 'id'], 'is the id of another tenant already');
      taken.ids.add(tenant.id);
      tenant.hosts.forEach((name, position) => {
        if (taken.hosts.has(name)) refuse([at, 'hosts', position], 'is listed already');
        taken.hosts.add(name);
      });
      if (tenants.some(({ hosts }) => hosts.includes(hostOf(tenant.origin)))) {
        if (!isLoopback(hostOf(tenant.origin))) {
          refuse([at, 'origin'], 'must not be a host of a tenant: the Worker would ask itself');
        }
      }
      const base = tenant.warm?.base;
      if (base !== undefined && URL.canParse(base) && !tenant.hosts.includes(hostOf(base))) {
        refuse([at, 'warm', 'base'], "must be on one of the tenant's own hosts");
      }
    });
  });

/** The list in CREDENTIALS. */
export const credentialsField = z
  .array(
    z.strictObject({
      id: z.string().min(1, 'must not be empty').max(64),
      sha256: z
        .string()
        .regex(
          /^[0-9a-f]{64}$/,
          'must be the SHA-256 of the token, 64 lower-case hexadecimal digits',
        ),
      tenant: z
        .string()
        .refine((text) => text === '*' || isTenantId(text), `must be * or ${TENANT_ID_FORM}`),
      scopes: z
        .array(z.enum(SCOPES, { error: `must be one of ${SCOPES.join(', ')}` }))
        .min(1, 'must name at least one scope'),
    }),
  )
  .superRefine((credentials, context) => {
    for (const name of ['id', 'sha256'] as const) {
      const taken = new Set<string>();
      credentials.forEach((credential, at) => {
        if (taken.has(credential[name])) {
          context.addIssue({ code: 'custom', path: [at, name], message: 'is used twice' });
        }
        taken.add(credential[name]);
      });
    }
  });

/** The settings that are one plain value each. */
export const plainFields = {
  CACHE_KEY_PREFIX: z
    .string()
    .regex(KEY_PREFIX, 'must be 1 to 16 characters of a-z, 0-9 and -')
    .default('tc'),
  CACHE_VERSION: whole(1, 1_000_000).default(1),
  CACHE_COHERENCE_MS: whole(0, 60 * MINUTE_MS).optional(),
  CACHE_MAX_UNVERIFIED_MS: whole(0, 24 * 60 * MINUTE_MS).optional(),
  CACHE_MEMORY_BYTES: whole(MEBIBYTE, 96 * MEBIBYTE).default(16 * MEBIBYTE),
  CACHE_MAX_ENTRY_BYTES: whole(1, 7 * MEBIBYTE).default(MEBIBYTE),
  CACHE_REDIS: z
    .enum(['optional', 'required'], { error: 'must be optional or required' })
    .default('optional'),
  CACHE_REDIS_TIMEOUT_MS: whole(1, 30_000).optional(),
  CACHE_ORIGIN_TIMEOUT_MS: whole(1, 100_000).default(25_000),
  CACHE_WARM_REQUESTS: whole(12, 10_000).default(45),
  ADMIN_HOST: host.optional(),
} as const;
