import type { Context } from 'hono';
import { purge, purgeEverything } from '../engine/purge.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { platformRuntime } from '../runtime.ts';
import { EVERY_TENANT } from './authorize.ts';
import { badRequest, unavailable } from './problems.ts';
import { parseEverythingBody, parsePurgeBody } from '../gateway/purge-body.ts';
import type { RouteEnv, Services } from './services.ts';

/** Purges what the body names of the tenant that the context holds; or everything of every tenant. */
export async function answerPurge(
  context: Context<RouteEnv>,
  services: Services,
): Promise<Response> {
  let value: unknown;
  try {
    value = await context.req.json();
  } catch {
    return badRequest('The body is not valid JSON.');
  }
  try {
    const outcome =
      context.var.tenantId === EVERY_TENANT
        ? await purgeEveryTenant(value, services)
        : await purgeTargets(value, context, services);
    if (outcome instanceof Response) return outcome;
    return context.json({ ...outcome, effectiveWithinMs: services.coherenceMs }, 200, {
      'cache-control': 'no-store',
    });
  } catch (error) {
    if (error instanceof AuthorityUnavailable)
      return unavailable('The purge was not acknowledged. Repeat it: that does no harm.');
    throw error;
  }
}

/** What was purged, once the authority has acknowledged it; or what is wrong with the body. */
type Outcome = Response | Readonly<Record<string, string | number>>;

async function purgeTargets(
  value: unknown,
  context: Context<RouteEnv>,
  { engine }: Services,
): Promise<Outcome> {
  const { tenant } = context.var;
  const parsed = parsePurgeBody(value, tenant);
  if ('problems' in parsed)
    return badRequest('The body does not name what to purge.', parsed.problems);
  const { targets, mode } = parsed;
  const runtime = platformRuntime(context.executionCtx);
  const seq = await purge(engine, tenant.id, targets, mode, runtime);
  return { tenant: tenant.id, targets: targets.length, mode, seq };
}

async function purgeEveryTenant(value: unknown, { engine }: Services): Promise<Outcome> {
  const parsed = parseEverythingBody(value);
  if ('problems' in parsed)
    return badRequest(
      'A purge of every tenant takes "all": true and "mode", and nothing else.',
      parsed.problems,
    );
  const { mode } = parsed;
  return { tenants: await purgeEverything(engine, mode), mode };
}
