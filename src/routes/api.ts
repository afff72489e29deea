import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { purge } from '../engine/purge.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { readHealth } from '../reporting/health.ts';
import { tenantStats } from '../reporting/stats.ts';
import { platformRuntime } from '../runtime.ts';
import { authorize } from './authorize.ts';
import { badRequest, methodNotAllowed, tooLarge, unavailable, unknownRoute } from './problems.ts';
import { parsePurgeBody } from './purge-body.ts';
import type { RouteEnv, Services } from './services.ts';

const MAX_BODY_BYTES = 1_048_576;

/** Tiercel's own routes, about the tenant that the context holds. */
export function apiRoutes(services: Services): Hono<RouteEnv> {
  const api = new Hono<RouteEnv>();

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

  api.post(
    '/v1/purge',
    authorize(services, 'purge'),
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => tooLarge(MAX_BODY_BYTES),
    }),
    async (context) => {
      const { tenant } = context.var;
      let value: unknown;
      try {
        value = await context.req.json();
      } catch {
        return badRequest('The body is not valid JSON.');
      }
      const parsed = parsePurgeBody(value, tenant);
      if ('problems' in parsed)
        return badRequest('The body does not name what to purge.', parsed.problems);
      try {
        const seq = await purge(
          services.engine,
          tenant.id,
          parsed.targets,
          parsed.mode,
          platformRuntime(context.executionCtx),
        );
        return context.json(
          {
            tenant: tenant.id,
            targets: parsed.targets.length,
            mode: parsed.mode,
            seq,
            effectiveWithinMs: services.coherenceMs,
          },
          200,
          { 'cache-control': 'no-store' },
        );
      } catch (error) {
        if (error instanceof AuthorityUnavailable)
          return unavailable('The purge was not acknowledged. Repeat it: that does no harm.');
        throw error;
      }
    },
  );
  api.all('/v1/purge', () => methodNotAllowed('POST'));
  api.all('*', unknownRoute);
  return api;
}
