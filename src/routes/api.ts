import { Hono } from 'hono';
import { MAX_MESSAGE_BYTES } from '../invalidation/event.ts';
import { readHealth } from '../reporting/health.ts';
import { tenantStats } from '../reporting/stats.ts';
import { platformClock, platformRuntime } from '../runtime.ts';
import { authorize } from './authorize.ts';
import { eventsRoute } from './events.ts';
import { answerInspect } from './inspect.ts';
import { methodNotAllowed, unknownRoute } from './problems.ts';
import { answerPurge } from './purge.ts';
import { PurgeQuota } from './purge-quota.ts';
import type { RouteEnv, Services } from './services.ts';
import { answerVerify } from './verify.ts';
import { wholeBody } from './whole-body.ts';

/** The largest body of a purge. */
const MAX_BODY_BYTES = 1_048_576;

/** Tiercel's own routes, about the tenant that the context holds. */
export function apiRoutes(services: Services): Hono<RouteEnv> {
  const api = new Hono<RouteEnv>();
  const purges = new PurgeQuota(platformClock, services.engine.sink);

  api.get('/healthz', async (context) => {
    // Health is the deployment's: any tenant's ledger tells whether the authority answers.
    const tenant = services.tenants.get(context.var.tenantId) ?? services.tenants.all()[0];
    if (!tenant) return unknownRoute();
    const runtime = platformRuntime(context.executionCtx);
    const health = await readHealth(tenant.id, services.health, runtime);
    return context.json(health, health.status === 'failing' ? 503 : 200, {
      'cache-control': 'no-store',
    });
  });

  api.all('/healthz', () => methodNotAllowed('GET, HEAD'));

  api.get('/v1/stats', authorize(services, 'stats'), (context) =>
    context.json(tenantStats(context.var.tenant.id, services.stats), 200, {
      'cache-control': 'no-store',
    }),
  );
  api.all('/v1/stats', () => methodNotAllowed('GET, HEAD'));

  api.get('/v1/inspect', authorize(services, 'inspect'), (context) =>
    answerInspect(context, services),
  );
  api.all('/v1/inspect', () => methodNotAllowed('GET, HEAD'));

  api.get('/v1/verify', authorize(services, 'inspect'), (context) =>
    answerVerify(context, services),
  );
  api.all('/v1/verify', () => methodNotAllowed('GET, HEAD'));

  api.post(
    '/v1/purge',
    authorize(services, 'purge', true),
    purges.middleware,
    wholeBody(MAX_BODY_BYTES),
    (context) => answerPurge(context, services),
  );
  api.all('/v1/purge', () => methodNotAllowed('POST'));

  api.post('/v1/events', wholeBody(MAX_MESSAGE_BYTES), eventsRoute(services, purges));
  api.all('/v1/events', () => methodNotAllowed('POST'));
  api.all('*', unknownRoute);
  return api;
}
