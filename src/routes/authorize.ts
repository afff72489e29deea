import { createMiddleware } from 'hono/factory';
import type { Scope } from '../config/config.ts';
import { forbidden, unauthenticated, unnamedTenant } from './problems.ts';
import type { RouteEnv, Services } from './services.ts';

/** What `?tenant=` says on the admin host for every tenant; no tenant's id. */
export const EVERY_TENANT = '*';

/**
 * Lets a request pass whose bearer token may use `scope` on the tenant that the request names; 401 or 403 otherwise, and
 * 400 where a known token names none. Sets the tenant and the credential's id. One that does not exist is told only to a token that is good for
 * every tenant.
 * @param orEvery the route knows {@link EVERY_TENANT} as well, for which no tenant is set
 */
export const authorize = ({ credentials, tenants }: Services, scope: Scope, orEvery = false) =>
  createMiddleware<RouteEnv>(async function authorized(context, next) {
    const { tenantId } = context.var;
    const authorization = context.req.header('authorization') ?? null;
    const access = await credentials.authorize(authorization, tenantId, scope);
    if (!access.allowed && access.reason === 'unauthenticated') return unauthenticated();
    if (tenantId === '') return unnamedTenant();
    if (!access.allowed) return forbidden(scope);
    context.set('credentialId', access.id);
    if (orEvery && tenantId === EVERY_TENANT) return next();
    const tenant = tenants.get(tenantId);
    if (!tenant) return unnamedTenant();
    context.set('tenant', tenant);
    return next();
  });
