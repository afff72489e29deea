import { Hono } from 'hono';
import { apiRoutes } from './routes/api.ts';
import { badRequest, internalError, unknownTenant } from './routes/problems.ts';
import type { RouteEnv, Services } from './routes/services.ts';
import { refuseForeignQuery, tenantOfQuery } from './routes/tenant-query.ts';
import { platformRuntime } from './runtime.ts';

/**
 * The Hono app. A tenant's paths belong to its origin, but for `/_tiercel/`; the admin host has the same routes at its
 * root and takes the tenant from `?tenant=`.
 */
export function createApp(services: Services): Hono<RouteEnv> {
  const { tenants, gateway, adminHost } = services;
  const app = new Hono<RouteEnv>();
  const api = apiRoutes(services);

  const admin = new Hono<RouteEnv>();
  admin.use(tenantOfQuery);
  admin.route('/', api);

  app.use(async function tenantFromHost(context, next) {
    // A port that no URL can have.
    if (!URL.canParse(context.req.url)) return badRequest('The request names no valid URL.');
    const { hostname } = new URL(context.req.url);
    if (hostname === adminHost)
      return admin.fetch(context.req.raw, context.env, context.executionCtx);
    const tenant = tenants.ofHost(hostname);
    if (!tenant) return unknownTenant();
    context.set('tenantId', tenant.id);
    context.set('tenant', tenant);
    return next();
  });
  app.use('/_tiercel/*', refuseForeignQuery);
  app.route('/_tiercel', api);
  app.all('*', (context) =>
    gateway.handle(context.req.raw, context.var.tenant, platformRuntime(context.executionCtx)),
  );

  app.onError(unexpected);
  admin.onError(unexpected);
  return app;
}

function unexpected(error: Error): Response {
  console.error(error);
  return internalError();
}
