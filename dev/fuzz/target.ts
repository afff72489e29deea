import { type BundledGateway, startBundledGateway } from '../launcher/bundled-gateway.ts';
import { undoAll, type Undo } from '../launcher/undo.ts';
import { type BareWorker, startBareWorker } from './bare.ts';
import type { Finding } from './checks.ts';
import { checkLog } from './log.ts';
import { type FuzzOrigin, startFuzzOrigin } from './origin.ts';
import { atRest, type Rest } from './rest.ts';
import { type FuzzTenant, TENANTS, tenantVariables } from './tenants.ts';

/** The gateway under attack, with the tenants' origins behind it. */
export interface FuzzTarget {
  /** On 127.0.0.1. */
  readonly port: number;
  /** The process whose memory counts. */
  readonly pid: () => number;
  /** Collects garbage and measures what is left. Nothing else may be sent meanwhile. */
  atRest(): Promise<Rest>;
  /** Which Redis it is, for people. */
  readonly redis: string;
  /** How many requests have reached an origin. */
  readonly originRequests: () => number;
  /** Hears what is seen in the log and by the origins. */
  hear(listener: (finding: Finding) => void): void;
  stop(): Promise<void>;
}

/**
 * Starts the deployed Worker in workerd, Redis and the origins.
 * @param bare true: a Worker that does next to nothing is in its place, and no Redis
 */
export async function startFuzzTarget(
  redis: 'auto' | 'embedded',
  bare = false,
): Promise<FuzzTarget> {
  const undo: Undo[] = [];
  let listener: (finding: Finding) => void = () => undefined;
  const tell = (finding: Finding | undefined): void => {
    if (finding) listener(finding);
  };
  try {
    const origins = new Map<string, FuzzOrigin>();
    for (const tenant of TENANTS) {
      const origin = await startFuzzOrigin(tenant, tell);
      undo.push(() => origin.stop());
      origins.set(tenant.id, origin);
    }
    const started: BareWorker & { readonly redis?: string } = bare
      ? await startBareWorker(
          Object.fromEntries([...origins].map(([id, origin]) => [id, origin.url])),
        )
      : await startGateway(redis, ({ id }) => origins.get(id)?.url ?? '', tell);
    undo.push(() => started.stop());
    const port = Number(new URL(started.url).port);
    return {
      port,
      pid: () => started.pid(),
      atRest: async () => atRest(await started.inspector(), port, started.pid()),
      redis: started.redis ?? 'none',
      originRequests: () =>
        [...origins.values()].reduce((sum, origin) => sum + origin.requests(), 0),
      hear: (to) => {
        listener = to;
      },
      stop: () => undoAll(undo),
    };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

async function startGateway(
  redis: 'auto' | 'embedded',
  originOf: (tenant: FuzzTenant) => string,
  tell: (finding: Finding | undefined) => void,
): Promise<BundledGateway> {
  const gateway = await startBundledGateway({
    origin: '',
    redis,
    inspected: true,
    onLog: (line) => tell(checkLog(line)),
    // A machine that is busy with the attack is no fault: Redis may take its time.
    variables: {
      CACHE_LOG_LEVEL: 'warn',
      CACHE_REDIS_TIMEOUT_MS: '20s',
      ...tenantVariables(originOf),
    },
  });
  void gateway.died.then((reason) => tell({ invariant: 'crash', detail: reason }));
  return gateway;
}
