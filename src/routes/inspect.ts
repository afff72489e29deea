import type { Context } from 'hono';
import type { Scope } from '../config/config.ts';
import { inspect } from '../engine/inspect.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { shownInspection } from '../reporting/inspection.ts';
import { platformRuntime } from '../runtime.ts';
import { parseInspectQuery } from './inspect-query.ts';
import { badRequest, forbidden, unavailable } from './problems.ts';
import type { RouteEnv, Services } from './services.ts';

const VALUES: Scope = 'inspect:value';

/** One entry's metadata in every store; its value only for a token whose scopes allow that as well. */
export async function answerInspect(
  context: Context<RouteEnv>,
  { credentials, engine, inspection, coherenceMs }: Services,
): Promise<Response> {
  const { tenant } = context.var;
  const asked = parseInspectQuery(new URL(context.req.url).searchParams, tenant);
  if ('problem' in asked) return badRequest(asked.problem);
  if (asked.value) {
    const authorization = context.req.header('authorization') ?? null;
    const access = await credentials.authorize(authorization, tenant.id, VALUES);
    if (!access.allowed) return forbidden(VALUES);
  }
  const key = inspection.keys.key(tenant.id, asked.key);
  const runtime = platformRuntime(context.executionCtx);
  try {
    const found = await inspect(engine, tenant.id, [key], runtime, { values: asked.value });
    const bound = { coherenceMs, maxUnverifiedMs: inspection.maxUnverifiedMs };
    return context.json(shownInspection(tenant.id, found, bound), 200, {
      'cache-control': 'no-store',
    });
  } catch (error) {
    if (error instanceof AuthorityUnavailable)
      return unavailable('Without an answer of Redis nothing can be said of what is valid.');
    throw error;
  }
}
