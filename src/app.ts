import { Hono } from 'hono';
import { apiRoutes } from './routes/api.ts';
import { badRequest, internalError, unknownTenant } from './routes/problems.ts';
import type { RouteEnv, Services } from './routes/services.ts';
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
  admin.use(async function tenantFromQuery(context, next) {
    const id = context.req.query('tenant');
    // Health is the deployment's: any tenant's ledger tells whether the authority answers.
    const tenant =
      id === undefined && context.req.path === '/healthz'
        ? tenants.all()[0]
        : tenants.get(id ?? '');
    if (!tenant) return badRequest("Name a tenant: '?tenant=' must be the id of one.");
    context.set('tenant', tenant);
    return next();
  });
  admin.route('/', api);

  app.use(async function tenantFromHost(context, next) {
    const { hostname } = new URL(context.req.url);
    if (hostname === adminHost)
      return admin.fetch(context.req.raw, context.env, context.executionCtx);
    const tenant = tenants.ofHost(hostname);
    if (!tenant) return unknownTenant();
    context.set('tenant', tenant);
    return next();
  });
  app.route('/_tiercel', api);
  app.all('*', (context) =>
    gateway.handle(context.req.raw, context.var.tenant, platformRuntime(context.executionCtx)),
  );

  app.onError((error) => {
    console.error(error);
    return internalError();
  });
  return app;
}
