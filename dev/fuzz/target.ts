import { inspect } from '../footprint/heap.ts';
import { startBundledGateway } from '../launcher/bundled-gateway.ts';
import { undoAll, type Undo } from '../launcher/undo.ts';
import type { Finding } from './checks.ts';
import { checkLog } from './log.ts';
import { type FuzzOrigin, startFuzzOrigin } from './origin.ts';
import { TENANTS, tenantVariables } from './tenants.ts';

/** The gateway under attack, with the tenants' origins behind it. */
export interface FuzzTarget {
  /** On 127.0.0.1. */
  readonly port: number;
  /** The process whose memory counts. */
  readonly pid: () => number;
  /** What its isolate holds after a collection, in bytes: objects, and what array buffers hold. Undefined where nobody knows. */
  heap(): Promise<number | undefined>;
  /** Which Redis it is, for people. */
  readonly redis: string;
  /** How many requests have reached an origin. */
  readonly originRequests: () => number;
  /** Hears what is seen in the log and by the origins. */
  hear(listener: (finding: Finding) => void): void;
  stop(): Promise<void>;
}

/** Starts the deployed Worker in workerd, Redis and the origins. */
export async function startFuzzTarget(redis: 'auto' | 'embedded'): Promise<FuzzTarget> {
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
    const gateway = await startBundledGateway({
      origin: '',
      redis,
      inspected: true,
      onLog: (line) => tell(checkLog(line)),
      variables: {
        CACHE_LOG_LEVEL: 'warn',
        ...tenantVariables(({ id }) => origins.get(id)?.url ?? ''),
      },
    });
    undo.push(() => gateway.stop());
    void gateway.died.then((reason) => tell({ invariant: 'crash', detail: reason }));
    return {
      port: Number(new URL(gateway.url).port),
      pid: () => gateway.pid(),
      async heap() {
        // Only now: what is watched by an inspector holds more.
        const inspector = await inspect(await gateway.inspector(), 'tiercel', () =>
          fetch(`${gateway.url}/_tiercel/healthz`).then((answer) => answer.text()),
        );
        const { used, buffers } = await inspector.measure();
        inspector.close();
        return used + buffers;
      },
      redis: gateway.redis,
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
