import type { Context } from 'hono';
import { purge, purgeEverything } from '../engine/purge.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { platformRuntime } from '../runtime.ts';
import { purgeAudit, type PurgeAudit } from '../telemetry/quota-events.ts';
import { EVERY_TENANT } from './authorize.ts';
import { badRequest, unavailable } from './problems.ts';
import { parseEverythingBody, parsePurgeBody } from '../gateway/purge-body.ts';
import { kindsOf } from './purge-kinds.ts';
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
  const { tenantId, credentialId } = context.var;
  const record: Recorder = (audit) =>
    services.engine.sink(purgeAudit(tenantId, { via: 'purge', by: credentialId, ...audit }));
  try {
    const outcome =
      tenantId === EVERY_TENANT
        ? await purgeEveryTenant(value, services, record)
        : await purgeTargets(value, context, services, record);
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

/** Leaves the record of one purge. */
type Recorder = (audit: Omit<PurgeAudit, 'via' | 'by'>) => void;

/** What was purged, once the authority has acknowledged it; or what is wrong with the body. */
type Outcome = Response | Readonly<Record<string, string | number>>;

async function purgeTargets(
  value: unknown,
  context: Context<RouteEnv>,
  { engine }: Services,
  record: Recorder,
): Promise<Outcome> {
  const { tenant } = context.var;
  const parsed = parsePurgeBody(value, tenant);
  if ('problems' in parsed)
    return badRequest('The body does not name what to purge.', parsed.problems);
  const { targets, mode } = parsed;
  const runtime = platformRuntime(context.executionCtx);
  const about = { targets: targets.length, kinds: kindsOf(targets), mode };
  const purging = purge(engine, tenant.id, targets, mode, runtime);
  const seq = await orRecorded(purging, () => record({ ...about, outcome: 'unacknowledged' }));
  record({ ...about, outcome: 'accepted', seq });
  return { tenant: tenant.id, targets: targets.length, mode, seq };
}

async function purgeEveryTenant(
  value: unknown,
  { engine }: Services,
  record: Recorder,
): Promise<Outcome> {
  const parsed = parseEverythingBody(value);
  if ('problems' in parsed)
    return badRequest(
      'A purge of every tenant takes "all": true and "mode", and nothing else.',
      parsed.problems,
    );
  const { mode } = parsed;
  const purging = purgeEverything(engine, mode);
  const tenants = await orRecorded(purging, () => record({ mode, outcome: 'unacknowledged' }));
  record({ targets: tenants, kinds: { tenants }, mode, outcome: 'accepted' });
  return { tenants, mode };
}

async function orRecorded<T>(purging: Promise<T>, record: () => void): Promise<T> {
  try {
    return await purging;
  } catch (error) {
    if (error instanceof AuthorityUnavailable) record();
    throw error;
  }
}
