import { call, errorOf, type CallParts } from './calls.ts';
import { NoReply, type Reply } from './http-client.ts';
import type { ReadFacts, Serving } from './oracle.ts';
import { actorOf, addressOf, placeOf } from './places.ts';
import type { Resource } from './subjects.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A reader goes away after so long, as readers do; what it has begun goes on. */
const READ_PATIENCE_MS = 3000;

/** What a read brought; undefined: nothing, or no answer. */
export interface Brought {
  readonly load: number;
  readonly begunAt: number;
  readonly serving: Serving;
  readonly tier: string | undefined;
  readonly flagged: boolean;
}

/** What the Worker of the run answers to a read of the library. */
interface Told {
  readonly load?: number;
  readonly resource?: string;
  readonly serving: Serving;
  readonly tier?: string | undefined;
  readonly flagged: boolean;
}

/** Reads in any process: each one is counted, and judged. */
export class Reads {
  readonly #parts: CallParts;

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  /** The latest moment at which a value can have begun to be made. */
  loadedAt(load: number): number {
    return this.#parts.book.get(load)?.forOthers ?? -Infinity;
  }

  /** Reads one resource: a page through the gateway, a value through `getOrSet`, or by another operation of the library. */
  async read(
    process: WorkerProcess,
    resource: Resource,
    op: 'getOrSet' | 'get' | 'fresh' = 'getOrSet',
    patienceMs = READ_PATIENCE_MS,
  ): Promise<Brought | undefined> {
    this.#parts.tally.operations.add(resource.face === 'gateway' ? 'GET' : op);
    const actor = actorOf(process, resource);
    const begunAt = performance.now();
    try {
      if (resource.face === 'gateway') {
        const reply = await process.client.ask({ ...addressOf(resource), timeoutMs: patienceMs });
        return this.#gatewayRead(reply, resource, actor, begunAt);
      }
      const reply = await call(process, patienceMs, {
        op,
        tenant: resource.tenant,
        ...placeOf(resource),
      });
      if (reply.status !== 200) return this.#failed(errorOf(reply.text));
      return this.#take(JSON.parse(reply.text) as Told, resource, actor, begunAt);
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      return this.#failed(error.reason);
    }
  }

  /** Reads values of one namespace in one call. */
  async readMany(process: WorkerProcess, resources: readonly Resource[]): Promise<void> {
    const [first] = resources;
    if (!first) return;
    this.#parts.tally.operations.add('getOrSetMany');
    const begunAt = performance.now();
    const actor = actorOf(process, first);
    try {
      const reply = await call(process, READ_PATIENCE_MS, {
        op: 'getOrSetMany',
        tenant: first.tenant,
        namespace: placeOf(first).namespace,
        keys: resources.map((resource) => placeOf(resource).key),
      });
      if (reply.status !== 200) {
        this.#failed(errorOf(reply.text));
        return;
      }
      (JSON.parse(reply.text) as Told[]).forEach((told, at) => {
        const resource = resources[at];
        if (resource) this.#take(told, resource, actor, begunAt);
      });
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      this.#failed(error.reason);
    }
  }

  #gatewayRead(
    reply: Reply,
    resource: Resource,
    actor: string,
    begunAt: number,
  ): Brought | undefined {
    const status = /(?:^|, *)Tiercel; *(.*)$/.exec(reply.header('cache-status') ?? '')?.[1] ?? '';
    if (reply.status !== 200) return this.#failed(`status ${reply.status}`);
    const detail = /detail=([a-z0-9_-]+)/.exec(status)?.[1] ?? '';
    const hit = /^hit(?:;|$)/.test(status);
    const old = Number(/ttl=(-?\d+)/.exec(status)?.[1] ?? 0) < 0;
    const body = JSON.parse(reply.text) as { readonly load: number; readonly resource: string };
    const told = {
      load: body.load,
      resource: body.resource,
      serving: hit ? (old ? 'stale' : 'hit') : 'loaded',
      tier: hit ? detail.replace(/-unverified$/, '') : undefined,
      flagged: detail.endsWith('-unverified') || detail === 'redis-unavailable',
    } as const;
    return this.#take(told, resource, actor, begunAt);
  }

  #take(told: Told, resource: Resource, actor: string, begunAt: number): Brought | undefined {
    const { oracle, tally } = this.#parts;
    if (told.load === undefined || told.resource === undefined) {
      tally.emptyReads += 1;
      return undefined;
    }
    const { load, serving, tier, flagged } = told;
    const facts: ReadFacts = {
      actor,
      subject: resource,
      begunAt,
      endedAt: performance.now(),
      load,
      resource: told.resource,
      serving,
      tier,
      flagged,
    };
    tally.read(facts);
    tally.note(
      resource.resource,
      `read since ${Math.round(begunAt)} by ${actor}: ${load}, ${serving}${tier === undefined ? '' : ` from ${tier}`}${flagged ? ', flagged' : ''}`,
    );
    const violation = oracle.judge(facts);
    if (violation) tally.violated(violation);
    return { load, begunAt, serving, tier, flagged };
  }

  #failed(reason: string): undefined {
    this.#parts.tally.failedReads.add(reason);
    return undefined;
  }
}
