import * as z from 'zod';
import type { TenantPolicy } from '../tenant/policy.ts';
import { withoutRootDot } from '../tenant/private-origin.ts';
import { DEFAULT_QUOTAS } from '../tenant/policy.ts';
import { isTenantId, TENANT_ID_FORM } from '../tenant/tenant-id.ts';
import { CACHING_FIELDS, toCachePolicy } from './cache-policy.ts';
import { isLoopback } from './loopback.ts';
import { pathRules } from './path-rules.ts';
import { shapeOf } from './policy-fields.ts';
import { quotas } from './quotas.ts';
import { ruleList } from './rule-list.ts';
import { unfitTemplates } from './rule-templates.ts';

/** A host name as it is compared: in lower case, alone. */
export const HOST =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
export const HOST_FORM = 'a host name in lower case, without scheme, port or path';

const tenantId = z.string().refine(isTenantId, `must be ${TENANT_ID_FORM}`);

const host = z.string().regex(HOST, `must be ${HOST_FORM}`);

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
  return URL.canParse(url) ? withoutRootDot(new URL(url).hostname) : '';
}

const path = z
  .string()
  .regex(/^\/[^\s#]*$/, 'must be a path that begins with / and has no space or fragment');

/** The list in `TENANTS`. */
export const tenantList = z
  .array(
    z.strictObject({
      id: tenantId,
      hosts: z.array(host).min(1, 'must name at least one host'),
      origin: baseUrl,
      warm: z.strictObject({ base: baseUrl.optional(), paths: z.array(path).max(1000) }).optional(),
      rules: ruleList.optional(),
      ...shapeOf(CACHING_FIELDS),
      paths: pathRules.optional(),
      quotas: quotas.option.optional(),
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
      for (const { path: place, message } of unfitTemplates(tenant.rules ?? [], {
        hosts: tenant.hosts,
      })) {
        refuse([at, 'rules', ...place], message);
      }
    });
  });

/** A tenant of the list, with what it leaves open filled in. */
export function toPolicy(tenant: z.output<typeof tenantList>[number]): TenantPolicy {
  const { id, hosts, origin, warm, rules } = tenant;
  const caching = toCachePolicy(tenant);
  return {
    id,
    hosts,
    origin,
    warm: { base: warm?.base ?? `https://${hosts[0] ?? ''}`, paths: warm?.paths ?? [] },
    caching,
    paths: (tenant.paths ?? []).map((rule) => ({
      path: rule.path,
      caching: toCachePolicy(rule, caching),
    })),
    quotas: tenant.quotas ?? DEFAULT_QUOTAS,
    ...(rules ? { rules } : {}),
  };
}
