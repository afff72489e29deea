import type { Context } from 'hono';
import { verify } from '../engine/verify.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { originCheck } from '../gateway/origin-check.ts';
import { shownVerification } from '../reporting/inspection.ts';
import { platformRuntime } from '../runtime.ts';
import { parseVerifyQuery } from './inspect-query.ts';
import { badRequest, unavailable } from './problems.ts';
import type { RouteEnv, Services } from './services.ts';

/** Compares a sample of the tenant's keys across all stores and their origin, and tells what disagrees and why. */
export async function answerVerify(
  context: Context<RouteEnv>,
  { engine, inspection, coherenceMs }: Services,
): Promise<Response> {
  const { tenant } = context.var;
  const asked = parseVerifyQuery(new URL(context.req.url).searchParams);
  if ('problem' in asked) return badRequest(asked.problem);
  const runtime = platformRuntime(context.executionCtx);
  const source = asked.origin ? originCheck({ ...inspection, engine }, tenant, runtime) : undefined;
  const { keys, maxRequests: budget, maxUnverifiedMs } = inspection;
  try {
    const found = await verify(
      engine,
      tenant.id,
      { keys, sample: asked.sample, budget, source },
      runtime,
    );
    return context.json(
      shownVerification(tenant.id, found, { coherenceMs, maxUnverifiedMs }),
      200,
      {
        'cache-control': 'no-store',
      },
    );
  } catch (error) {
    if (error instanceof AuthorityUnavailable)
      return unavailable('Without an answer of Redis there is nothing to compare with.');
    throw error;
  }
}
