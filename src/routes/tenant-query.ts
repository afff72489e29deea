import { createMiddleware } from 'hono/factory';
import { badRequest } from './problems.ts';
import type { RouteEnv } from './services.ts';

/**
 * Refuses `?tenant=` on a tenant's own host: whoever writes it there means another tenant, and would be answered for this
 * one.
 */
export const refuseForeignQuery = createMiddleware<RouteEnv>(
  async function foreignQuery(context, next) {
    if (!new URL(context.req.url).searchParams.has('tenant')) return next();
    return badRequest("The host is the tenant here: '?tenant=' belongs to the admin host.");
  },
);

/** Takes the tenant of a request to the admin host from `?tenant=`; from none, or several, no tenant's id. */
export const tenantOfQuery = createMiddleware<RouteEnv>(
  async function tenantFromQuery(context, next) {
    const [tenant = '', ...others] = new URL(context.req.url).searchParams.getAll('tenant');
    // Whether there is such a tenant is told to whoever may use it, not before.
    context.set('tenantId', others.length === 0 ? tenant : '');
    return next();
  },
);
