import type { Gateway } from '../gateway/gateway.ts';
import type { Runtime } from '../runtime.ts';
import { originError, warmed, type Sink } from '../telemetry/events.ts';
import type { WarmedPath, WarmReport } from '../telemetry/warm-report.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { MOST_PER_PATH, type Meter } from './metered.ts';
import { planWarming, type PlannedPath } from './plan.ts';

export interface WarmRun {
  /** A gateway whose outgoing requests all count on `meter`. */
  readonly gateway: Gateway;
  readonly meter: Meter;
  readonly tenants: readonly TenantPolicy[];
  /** When the trigger was due, in milliseconds since the Unix epoch. */
  readonly scheduledAt: number;
  readonly runtime: Runtime;
  readonly sink: Sink;
}

/**
 * Asks for the configured paths through the same path as readers do, one after the other, each to its end with all
 * that it stores, until the budget of outgoing requests could be passed. What fails costs itself only.
 */
export async function runWarming(run: WarmRun): Promise<WarmReport> {
  const startedAt = run.runtime.now();
  const turn = Number.parseInt(run.runtime.randomId().slice(0, 8), 16);
  const plan = planWarming(run.tenants, turn);
  const paths: WarmedPath[] = [];
  let skipped = 0;
  for (const planned of plan) {
    if (run.meter.allows(MOST_PER_PATH)) {
      const done = await warm(run, planned);
      run.sink(warmed(done.tenant, done.outcome));
      paths.push(done);
    } else {
      run.sink(warmed(planned.tenant.id, 'skipped'));
      skipped += 1;
    }
  }
  return {
    scheduledAt: new Date(run.scheduledAt).toISOString(),
    durationMs: run.runtime.now() - startedAt,
    requests: run.meter.spent,
    budget: run.meter.limit,
    paths,
    skipped,
  };
}

async function warm(run: WarmRun, { tenant, path }: PlannedPath): Promise<WarmedPath> {
  const behind: Promise<unknown>[] = [];
  // What the answer leaves behind is part of this path: it is waited for, and counted, before the next.
  const runtime: Runtime = { ...run.runtime, waitUntil: (work) => void behind.push(work) };
  const done = { tenant: tenant.id, path };
  try {
    const ask = async (): Promise<Response> => {
      const request = new Request(tenant.warm.base + path);
      const response = await run.gateway.handle(request, tenant, runtime);
      await response.body?.cancel();
      while (behind.length > 0) await Promise.allSettled(behind.splice(0));
      return response;
    };
    const first = await ask();
    // It has been refreshed behind the answer, or has not: a second look tells.
    const again = isServedStale(first) && run.meter.allows(MOST_PER_PATH);
    const response = again ? await ask() : first;
    const outcome = outcomeOf(response);
    const { status } = response;
    return { ...done, outcome: again && outcome === 'hit' ? 'stored' : outcome, status };
  } catch (error) {
    run.sink(originError(tenant.id, 'warming_failed', error));
    return { ...done, outcome: 'failed' };
  }
}

/** Our own member of `Cache-Status`, the last one: caches nearer to the origin may go by the same name. */
function ownStatus(response: Response): string {
  const field = response.headers.get('cache-status') ?? '';
  return field.slice(Math.max(0, field.lastIndexOf('Tiercel;')));
}

/** True for what is served past its time while the origin is asked behind it. */
function isServedStale(response: Response): boolean {
  return ownStatus(response).startsWith('Tiercel; hit; ttl=-');
}

function outcomeOf(response: Response): WarmedPath['outcome'] {
  const status = ownStatus(response);
  if (isServedStale(response) || /^Tiercel; fwd=stale\b.*; ttl=-/.test(status)) return 'stale';
  if (response.status >= 500) return 'failed';
  if (/^Tiercel; hit\b/.test(status)) return 'hit';
  if (/^Tiercel; fwd=[a-z-]+; stored\b/.test(status)) return 'stored';
  return 'not_stored';
}
