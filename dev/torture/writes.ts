import { attempt, call, errorOf, WRITE_PATIENCE_MS, type CallParts } from './calls.ts';
import { NoReply, type Reply } from './http-client.ts';
import { actorOf, addressOf, placeOf } from './places.ts';
import type { Resource } from './subjects.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Writes in any process: each one that is acknowledged is told to the oracle, and ends what was there before. */
export class Writes {
  readonly #parts: CallParts;

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  /** Removes a value; true once that is acknowledged. Not repeated. */
  remove(process: WorkerProcess, resource: Resource): Promise<boolean> {
    return this.#end(process, resource, 'delete', (patience) =>
      call(process, patience, {
        op: 'delete',
        tenant: resource.tenant,
        ...placeOf(resource),
      }),
    );
  }

  /** Changes a page at its origin through the gateway, which invalidates it; true when that is acknowledged as well. */
  post(process: WorkerProcess, resource: Resource): Promise<boolean> {
    return this.#end(process, resource, 'POST', async (patience) => {
      const reply = await process.client.ask({
        ...addressOf(resource),
        method: 'POST',
        body: 'change',
        timeoutMs: patience,
      });
      const lost = reply.header('cache-status')?.includes('invalidation-failed') === true;
      return { ...reply, status: lost ? 503 : reply.status };
    });
  }

  /** Makes a stored value fresh without loading it. */
  async touch(process: WorkerProcess, resource: Resource): Promise<void> {
    this.#parts.tally.operations.add('touch');
    await attempt(process, () =>
      call(process, WRITE_PATIENCE_MS, {
        op: 'touch',
        tenant: resource.tenant,
        ...placeOf(resource),
      }),
    );
  }

  /**
   * Writes a value in place of whatever anybody holds. `stamped`: one that is loaded from the origin after a stamp was taken.
   * Answers whether it was stored.
   */
  async set(process: WorkerProcess, resource: Resource, stamped = false): Promise<boolean> {
    const { book, tally } = this.#parts;
    const op = stamped ? 'setStamped' : 'set';
    tally.operations.add(op);
    const begunAt = performance.now();
    const first = book.size;
    const load = stamped ? undefined : book.writing(resource.resource);
    let reply: Reply;
    try {
      reply = await call(process, WRITE_PATIENCE_MS, {
        op,
        tenant: resource.tenant,
        ...placeOf(resource),
        ...(load !== undefined && { value: valueOf(load, resource) }),
      });
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      tally.writes.add(`${op} unknown`);
      return false;
    }
    const ackedAt = performance.now();
    if (reply.status !== 200) {
      tally.writes.add(`${op} ${errorOf(reply.text)}`);
      return false;
    }
    const {
      stored,
      reason,
      load: made,
    } = JSON.parse(reply.text) as {
      readonly stored: boolean;
      readonly reason?: string;
      readonly load?: number;
    };
    const number = load ?? made;
    if (number === undefined || number < 0 || (stamped && number < first)) return false;
    const actor = actorOf(process, resource);
    tally.writes.add(`${op} ${stored ? 'stored' : (reason ?? 'refused')}`);
    tally.note(resource.resource, `${op} of ${number} by ${actor}: ${stored ? 'stored' : reason}`);
    if (!stored) {
      book.refused(number);
      return false;
    }
    book.written(number, ackedAt);
    const { oracle } = this.#parts;
    const what = `${op} of ${number}`;
    const ofKey = [resource.key];
    oracle.acknowledged({ what, begunAt, ackedAt, actor, mode: 'hard', ofKey, ofOthers: [] });
    return true;
  }

  /** Makes more marks than a ledger keeps, of names that nobody reads. False when that failed. */
  async flood(
    process: WorkerProcess,
    tenant: string,
    kind: 'keys' | 'tags' | 'sets',
    count: number,
  ): Promise<boolean> {
    this.#parts.tally.operations.add(`flood of ${kind}`);
    const label = `flood-${Math.round(performance.now())}`;
    const body = { op: 'flood', tenant, key: [kind], count, label };
    const done = await attempt(process, () => call(process, 20_000, body));
    this.#parts.tally.note(tenant, `flood of ${count} ${kind} by ${process.index}: ${done}`);
    return done;
  }

  async #end(
    process: WorkerProcess,
    resource: Resource,
    what: string,
    send: (patienceMs: number) => Promise<Reply>,
  ): Promise<boolean> {
    this.#parts.tally.operations.add(what);
    const begunAt = performance.now();
    const actor = actorOf(process, resource);
    const done = await attempt(process, () => send(WRITE_PATIENCE_MS));
    if (!done) return false;
    const ackedAt = performance.now();
    this.#parts.tally.note(resource.resource, `${what} by ${actor}, acknowledged`);
    const ending = { what, begunAt, ackedAt, actor, mode: 'hard' as const };
    this.#parts.oracle.acknowledged({ ...ending, ofKey: [resource.key], ofOthers: [] });
    return true;
  }
}

function valueOf(load: number, resource: Resource): object {
  return {
    load,
    resource: resource.resource,
    version: 0,
    // Of no version: the origin never confirms it.
    etag: '"0.0"',
    tags: resource.tags,
    pad: resource.resource.repeat(200),
  };
}
