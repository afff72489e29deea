import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../endpoint/faults.ts';
import type { Endpoint } from '../endpoint/server.ts';
import { BUSY_TENANTS, PAGE_DRILL_TENANTS, type Stack } from './stack.ts';
import type { PlannedFault } from './fault-plan.ts';
import type { Random } from './random.ts';
import type { HappenedFault, Tally } from './tally.ts';

/** After a fault it takes this long until everything is sure to be as before: circuit breakers stay open for a while. */
const RECOVERY_MS = 3000;

/** Breaks things of a running stack, and remembers when. */
export class Faults {
  readonly #stack: Stack;
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #startedAt: number;
  readonly happened: HappenedFault[] = [];
  /** All that disturbs, delays of episodes as well; one without an end is not over. */
  readonly #disturbances: { process: number | undefined; fromMs: number; toMs: number }[] = [];

  constructor(stack: Stack, random: Random, tally: Tally, startedAt: number) {
    this.#stack = stack;
    this.#random = random;
    this.#tally = tally;
    this.#startedAt = startedAt;
  }

  /** Whether a fault hit a process between two moments of the run's clock, or had a moment before. */
  touched(process: number, from: number, to: number): boolean {
    const begin = from - this.#startedAt - RECOVERY_MS;
    const end = to - this.#startedAt;
    return this.#disturbances.some(
      ({ process: hit, fromMs, toMs }) =>
        (hit === undefined || hit === process) && fromMs <= end && toMs >= begin,
    );
  }

  /** Carries one fault out; resolves when it is over. */
  async strike({ kind, forMs }: PlannedFault): Promise<void> {
    const { commands, processes } = this.#stack;
    switch (kind) {
      case 'kill': {
        const process = this.#random.pick(processes);
        const forget = this.#random.chance(0.5);
        const detail = `process ${process.index}, its Cache API ${forget ? 'gone as well' : 'kept'}`;
        return this.#during(kind, process.index, detail, () => process.kill(forget));
      }
      case 'pause':
        return this.#during(kind, undefined, `${forMs} ms`, async () => {
          await commands.send([['CLIENT', 'PAUSE', String(forMs), 'ALL']]);
          await sleep(forMs);
        });
      case 'flush':
        return this.#during(kind, undefined, 'FLUSHALL', async () => {
          await commands.send([['FLUSHALL']]);
        });
      case 'drop-ledger': {
        const key = this.#ledger();
        return this.#during(kind, undefined, key, async () => {
          await commands.send([['DEL', key]]);
        });
      }
      case 'delay':
        return this.#atEndpoints(kind, { delayMs: 50 + this.#random.int(700) }, forMs);
      case 'cut': {
        const fault = this.#random.pick<Fault>([
          { reset: true },
          { hang: true },
          { status: 500 },
          { truncate: true },
        ]);
        return this.#atEndpoints(kind, fault, forMs);
      }
    }
  }

  /** Lets the endpoint of one process take so long, until the answered function is called. */
  async delay(process: number, delayMs: number): Promise<() => Promise<void>> {
    const endpoint = this.#stack.endpoints[process];
    if (!endpoint) throw new Error(`There is no endpoint of process ${process}.`);
    const over = this.#disturb(process);
    await setFault(endpoint, { delayMs });
    return async () => {
      over();
      await clearFault(endpoint);
    };
  }

  /** Removes the ledger of a tenant. */
  async dropLedger(tenant: string): Promise<void> {
    await this.#stack.commands.send([['DEL', ledgerOf(tenant)]]);
  }

  async #atEndpoints(kind: 'delay' | 'cut', fault: Fault, forMs: number): Promise<void> {
    const all = this.#random.chance(0.4);
    const index = this.#random.int(this.#stack.endpoints.length);
    const hit = this.#stack.endpoints.filter((_, at) => all || at === index);
    const detail = `${JSON.stringify(fault)} for ${forMs} ms at ${all ? 'all endpoints' : `that of process ${index}`}`;
    await this.#during(kind, all ? undefined : index, detail, async () => {
      await Promise.all(hit.map((endpoint) => setFault(endpoint, fault)));
      await sleep(forMs);
      await Promise.all(hit.map(clearFault));
    });
  }

  async #during(
    kind: HappenedFault['kind'],
    process: number | undefined,
    detail: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const fromMs = performance.now() - this.#startedAt;
    const over = this.#disturb(process);
    this.#tally.note('*', `${kind} begins: ${detail}`);
    try {
      await work();
    } finally {
      over();
      this.#tally.note('*', `${kind} ends: ${detail}`);
      const toMs = performance.now() - this.#startedAt;
      this.happened.push({ kind, fromMs, toMs, process, detail });
    }
  }

  #disturb(process: number | undefined): () => void {
    const now = (): number => performance.now() - this.#startedAt;
    const disturbance = { process, fromMs: now(), toMs: Infinity };
    this.#disturbances.push(disturbance);
    return () => {
      disturbance.toMs = now();
    };
  }

  /** A ledger that may be there, or the heads of all. */
  #ledger(): string {
    if (this.#random.chance(0.25)) return 'tc:v1:~heads';
    return ledgerOf(
      this.#random.pick([
        ...BUSY_TENANTS,
        ...BUSY_TENANTS,
        ...BUSY_TENANTS,
        ...PAGE_DRILL_TENANTS.slice(0, 2),
      ]),
    );
  }
}

function ledgerOf(tenant: string): string {
  return `tc:v1:t:${tenant}:~ledger`;
}

async function setFault({ url, token }: Endpoint, fault: Fault): Promise<void> {
  await control(`${url}/_/faults`, token, 'PUT', JSON.stringify(fault));
}

async function clearFault({ url, token }: Endpoint): Promise<void> {
  await control(`${url}/_/faults`, token, 'DELETE');
}

async function control(url: string, token: string, method: string, body?: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`The endpoint answered ${response.status} to a fault.`);
}
