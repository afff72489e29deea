import type { Context } from 'hono';
import { digestOf } from '../engine/holdings.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { ruleTargets } from '../gateway/rule-targets.ts';
import { problemResponse } from '../http/problem.ts';
import {
  applyEvents,
  type AppliedEvents,
  type Invalidation,
  type MarkedEvents,
} from '../invalidation/apply.ts';
import { configuredRules } from '../invalidation/configured.ts';
import { parseEventBody } from '../invalidation/event.ts';
import { platformRuntime } from '../runtime.ts';
import { signatureRefused, type SignatureRefusal } from '../telemetry/domain-events.ts';
import { purgeAudit, type PurgeAudit } from '../telemetry/quota-events.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { badRequest, unavailable } from './problems.ts';
import { kindsOf } from './purge-kinds.ts';
import type { PurgeQuota } from './purge-quota.ts';
import type { RouteEnv, Services } from './services.ts';

/** Takes signed domain events, and purges what the rules of the tenant's configuration say of them. */
export function eventsRoute(
  services: Services,
  purges: PurgeQuota,
): (context: Context<RouteEnv>) => Promise<Response> {
  const { tenants, senders, engine, coherenceMs } = services;
  const invalidations = new Map<string, Invalidation>();
  const invalidationOf = (tenant: TenantPolicy): Invalidation => {
    const made = invalidations.get(tenant.id) ?? {
      rules: configuredRules(tenant.rules ?? []),
      resolve: (output: object) => ruleTargets(output, tenant),
    };
    invalidations.set(tenant.id, made);
    return made;
  };
  return async (context) => {
    const { tenantId } = context.var;
    const tenant = tenants.get(tenantId);
    const body = new Uint8Array(await context.req.arrayBuffer());
    const runtime = platformRuntime(context.executionCtx);
    const refuse = (reason: SignatureRefusal): void =>
      engine.sink(signatureRefused(tenant?.id ?? '*', reason));
    const verdict = await senders.verify(context.req.raw.headers, body, tenantId, runtime.now());
    if (!verdict.ok) {
      refuse(verdict.reason);
      return unsigned();
    }
    // Whether there is such a tenant is told to whoever may send to all of them.
    if (!tenant) return badRequest("Name a tenant: '?tenant=' must be the id of one.");
    const by = { via: 'events', by: verdict.secret.id } as const;
    const record = (audit: Omit<PurgeAudit, 'via' | 'by'>): void =>
      engine.sink(purgeAudit(tenant.id, { ...by, ...audit }));
    const refused = purges.refuse(tenant, by);
    if (refused) return refused;
    const parsed = parseEventBody(body);
    if ('problems' in parsed)
      return badRequest('The body holds no domain events.', parsed.problems);
    const { events } = parsed;
    const mustName = verdict.secret.tenant === '*';
    if (
      events.some((event) => (event.tenant === undefined ? mustName : event.tenant !== tenant.id))
    ) {
      refuse('tenant');
      return foreign();
    }
    try {
      const message = `${verdict.id} ${await digestOf(body)}`;
      const applied = await applyEvents(
        engine,
        tenant.id,
        events,
        invalidationOf(tenant),
        message,
        runtime,
        (mark) => record(auditOf(mark)),
      );
      if (applied.marks.length === 0) record({ outcome: 'accepted', targets: 0 });
      return answer(tenant.id, applied, coherenceMs);
    } catch (error) {
      if (error instanceof AuthorityUnavailable) {
        record({ outcome: 'unacknowledged' });
        return unavailable('The events were not acknowledged. Send the same message again.');
      }
      throw error;
    }
  };
}

/** One for each mode, as each is a purge of its own. */
function auditOf({ mode, targets, seq, repeated }: MarkedEvents): Omit<PurgeAudit, 'via' | 'by'> {
  return {
    outcome: repeated ? 'repeated' : 'accepted',
    targets: targets.length,
    kinds: kindsOf(targets),
    mode,
    seq,
  };
}

function answer(tenant: string, applied: AppliedEvents, effectiveWithinMs: number): Response {
  const { outcomes, repeated, coarsened, seq } = applied;
  const body = {
    tenant,
    outcomes,
    repeated,
    ...(coarsened && { coarsened }),
    ...(seq !== undefined && { seq }),
    effectiveWithinMs,
  };
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed').length;
  if (failed > 0 && failed === outcomes.length && seq === undefined)
    return problemResponse({
      status: 422,
      title: 'Unprocessable Content',
      code: 'events_failed',
      detail: 'All events failed: nothing was purged.',
      extra: body,
    });
  return Response.json(body, {
    status: failed > 0 ? 207 : 200,
    headers: { 'cache-control': 'no-store' },
  });
}

/** One answer, whichever header or secret it was: nobody is known by it. */
const unsigned = (): Response =>
  problemResponse({
    status: 401,
    title: 'Unauthorized',
    code: 'signature_invalid',
    detail:
      'The message needs a signature of the last five minutes: webhook-id, webhook-timestamp and webhook-signature.',
    headers: { 'www-authenticate': 'Webhook realm="tiercel"' },
  });

const foreign = (): Response =>
  problemResponse({
    status: 403,
    title: 'Forbidden',
    code: 'forbidden',
    detail:
      "An event names another tenant, or none where the sender's secret is good for every tenant.",
  });
