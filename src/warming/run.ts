import type { Gateway } from '../gateway/gateway.ts';
import type { Runtime } from '../runtime.ts';
import { warmed, type Sink } from '../telemetry/events.ts';
import type { WarmedPath, WarmReport } from '../telemetry/warm-report.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { MOST_PER_PATH, type Meter } from './metered.ts';
import { planWarming, type PlannedPath } from './plan.ts';

export interface WarmRun {
  /** A gateway whose outgoing requests all count on `meter`. */
  readonly gateway: Gateway;
  readonly meter: Meter;
  readonly tenants: readonly TenantPolicy[];
  readonly budget: number;
  /** When the trigger was due, in milliseconds since the Unix epoch. */
  readonly scheduledAt: number;
  readonly runtime: Runtime;
  readonly sink: Sink;
}

const MINUTE_MS = 60_000;

/**
 * Asks for the configured paths through the same path as readers do, one after the other, each to its end with all
 * that it stores, until the budget of outgoing requests could be passed. Reports every path, skipped ones too.
 */
export async function runWarming(run: WarmRun): Promise<WarmReport> {
  const startedAt = run.runtime.now();
  const plan = planWarming(run.tenants, Math.floor(run.scheduledAt / MINUTE_MS));
  const paths: WarmedPath[] = [];
  for (const planned of plan) {
    const done =
      run.meter.spent + MOST_PER_PATH > run.budget ? skipped(planned) : await warm(run, planned);
    run.sink(warmed(done.tenant, done.path, done.outcome));
    paths.push(done);
  }
  return {
    scheduledAt: new Date(run.scheduledAt).toISOString(),
    durationMs: run.runtime.now() - startedAt,
    requests: run.meter.spent,
    budget: run.budget,
    paths,
  };
}

async function warm(run: WarmRun, { tenant, path }: PlannedPath): Promise<WarmedPath> {
  const behind: Promise<unknown>[] = [];
  // What the answer leaves behind is part of this path: it is waited for, and counted, before the next.
  const runtime: Runtime = { ...run.runtime, waitUntil: (work) => void behind.push(work) };
  const response = await run.gateway.handle(new Request(tenant.warm.base + path), tenant, runtime);
  await response.body?.cancel();
  while (behind.length > 0) await Promise.allSettled(behind.splice(0));
  return { tenant: tenant.id, path, outcome: outcomeOf(response), status: response.status };
}

function skipped({ tenant, path }: PlannedPath): WarmedPath {
  return { tenant: tenant.id, path, outcome: 'skipped' };
}

function outcomeOf(response: Response): WarmedPath['outcome'] {
  const status = response.headers.get('cache-status') ?? '';
  if (/Tiercel; hit/.test(status)) return 'hit';
  if (/Tiercel; .*\bstored\b/.test(status)) return 'stored';
  return response.status >= 500 ? 'failed' : 'not_stored';
}
