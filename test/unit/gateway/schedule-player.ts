import { purge } from '../../../src/engine/purge.ts';
import { parsePurgeBody } from '../../../src/gateway/purge-body.ts';
import type { Timeline } from '../engine/timeline.ts';
import { acme, world, type World } from '../engine/world.ts';
import { Clients, selecting, tenant, type Question } from './schedule-clients.ts';
import { begin, type Place, type Shared } from './schedule-isolates.ts';
import { Oracle } from './schedule-oracle.ts';
import { Origin } from './schedule-origin.ts';
import { RESOURCES, TARGETS, type Schedule, type Step } from './schedule-plan.ts';

/** What came of a schedule. */
export interface Played {
  readonly violations: readonly string[];
  /** All that happened, a line each, behind the milliseconds since the beginning. */
  readonly trace: readonly string[];
  /** How often what was served. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Carries a schedule out, in virtual time. */
export async function play(plan: Schedule): Promise<Played> {
  return new Player(plan).play();
}

/** Whoever is none of the callers of a schedule. */
const NOBODY = 9;

class Player {
  readonly #plan: Schedule;
  readonly #oracle = new Oracle();
  readonly #world: World;
  readonly #time: Timeline;
  readonly #origin: Origin;
  readonly #clients: Clients;
  readonly #shared: Shared;
  readonly #places: Place[];
  readonly #trace: string[] = [];
  /** When each mark was carried out, by its seq. */
  readonly #marked = new Map<number, number>();
  readonly #begun: number;
  #waits = 0;
  #holds = 0;
  #quiet = false;

  constructor(plan: Schedule) {
    this.#plan = plan;
    const { coherenceMs: boundMs, shapes, failing, memoryBytes, regional, isolates } = plan;
    this.#world = world({ coherenceMs: boundMs });
    const { time } = this.#world;
    this.#time = time;
    this.#begun = time.now();
    const oracle = this.#oracle;
    const say = (line: string): void => this.#say(line);
    const clients = new Clients({ time, oracle, boundMs, say });
    this.#clients = clients;
    const hold = (): Promise<void> => this.#hold();
    this.#origin = new Origin({ time, oracle, shapes, failing, hold, say, clients });
    this.#shared = {
      world: this.#world,
      fetch: this.#origin.fetch,
      pause: () => this.#pause(),
      memoryBytes,
      colo: regional ? new Map() : undefined,
      marked: (seq) => void this.#marked.set(seq, oracle.tick()),
    };
    this.#places = Array.from({ length: isolates }, () => begin(this.#shared));
  }

  async play(): Promise<Played> {
    const { filled, callers, coherenceMs } = this.#plan;
    if (filled) {
      const all = RESOURCES.map((_, resource) => ({ resource, a: '0', b: '0' }));
      await this.#during(Promise.all(all.map((one) => this.#ask(0, one))));
      await this.#time.advance(3000);
    }
    await this.#during(Promise.all(callers.map((steps, nth) => this.#call(steps, nth))));
    // Whatever was on its way has arrived, and the bound is past.
    await this.#time.advance(coherenceMs + 12_000);
    this.#origin.heal();
    this.#say('all is quiet');
    for (const at of this.#places.keys()) await this.#round(at);
    // No window of any answer is open.
    await this.#time.advance(1_900_000);
    this.#quiet = true;
    this.#say('all is over');
    await this.#round(0);
    await this.#round(this.#places.length - 1);
    const { counts } = this.#clients;
    return { violations: this.#oracle.violations, trace: this.#trace, counts };
  }

  /** Everything is asked for. */
  async #round(at: number): Promise<void> {
    const values = ['0', '1'];
    const asked = [
      ...values.flatMap((a) => values.map((b) => ({ resource: 0, a, b }))),
      { resource: 1, a: '0', b: '0' },
      { resource: 0, a: '0', b: '1', reader: 'y' },
    ];
    await this.#during(Promise.all(asked.map((one) => this.#ask(at, one))));
  }

  async #call(steps: readonly Step[], caller: number): Promise<void> {
    for (const step of steps) {
      await waitFor(this.#time, step.wait);
      await this.#perform(step, caller);
    }
  }

  async #perform(step: Step, caller: number): Promise<void> {
    const at = step.isolate % this.#places.length;
    const { does, resource, shape, fault } = step;
    switch (does) {
      case 'get':
      case 'range':
      case 'head':
        return this.#ask(at, step, caller);
      case 'purge':
        return this.#purge(at, step);
      case 'unsafe':
        return this.#post(at, step);
      case 'write':
        this.#origin.write(resource, shape);
        return;
      case 'fault':
        this.#say(`origin: ${resource} will be ${fault}`);
        this.#origin.break(resource, fault);
        return;
      case 'restart':
        this.#say(`isolate ${at} begins anew`);
        this.#places[at] = begin(this.#shared);
        return;
      case 'evict':
        this.#evict(at, step);
    }
  }

  async #ask(isolate: number, question: Question, caller = NOBODY): Promise<void> {
    const place = this.#place(isolate);
    const served = await this.#clients.ask(place, question, { isolate, caller });
    if (!this.#quiet) return;
    const newest = this.#origin.version(question.resource);
    if (served !== newest)
      this.#oracle.violations.push(
        `isolate ${isolate}: ${question.resource} is of version ${served} when all is over`,
      );
  }

  async #purge(at: number, { target, mode, writes, shape }: Step): Promise<void> {
    const { name, body, covers } = TARGETS[target] ?? TARGETS[0];
    const place = this.#place(at);
    if (writes) {
      for (const resource of covers) this.#origin.write(resource, shape);
      await this.#pause();
    }
    const parsed = parsePurgeBody(body, tenant);
    if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
    const what = `purge #${this.#clients.nextId()} (${mode}, ${name})`;
    this.#say(`isolate ${at}: ${what}`);
    const seq = await purge(place.engine, acme, parsed.targets, mode, place.runtime);
    const event = this.#marked.get(seq);
    if (event === undefined) throw new Error('A purge was acknowledged that was not carried out.');
    this.#say(`isolate ${at}: ${what} is acknowledged`);
    this.#cut(place, event, mode === 'hard', covers, what);
  }

  async #post(at: number, step: Step): Promise<void> {
    const { resource, posting, shape } = step;
    const place = this.#place(at);
    const id = this.#clients.nextId();
    const what = `POST ${resource} #${id}`;
    this.#say(`isolate ${at}: ${what} begins: ${posting}`);
    const headers = selecting({ ...step, reader: undefined });
    headers.set('x-posting', `${posting} ${shape}`);
    headers.set('x-id', id);
    const request = new Request(RESOURCES[resource]?.url ?? '', { method: 'POST', headers });
    const response = await place.gateway.handle(request, tenant, place.runtime);
    await response.text().catch(() => undefined);
    const status = response.headers.get('cache-status') ?? '';
    this.#say(`isolate ${at}: ${what}: ${response.status} ${status}`);
    const event = this.#origin.written(id);
    if (event === undefined) return;
    this.#clients.count(status.includes('stored') ? 'posted, stored' : 'posted');
    // Whose answer is lost has not told what else it has changed.
    const covers = posting === 'other' ? [resource, 1 - resource] : [resource];
    this.#cut(place, event, true, covers, what);
  }

  #cut(
    isolate: Place,
    event: number,
    hard: boolean,
    covers: readonly number[],
    name: string,
  ): void {
    const acknowledgedAt = this.#time.now();
    this.#oracle.cut({ event, hard, covers, isolate, acknowledgedAt, name });
  }

  /** The authority loses what it has had longest, or memory all that it has. */
  #evict(at: number, { writes }: Step): void {
    const { copies } = this.#world.store;
    const [name] = copies.keys();
    this.#say(writes ? `memory of ${at} is emptied` : `the authority loses ${name}`);
    if (writes) this.#place(at).memory.deleteWhere(() => true);
    else if (name !== undefined) copies.delete(name);
  }

  #place(at: number): Place {
    const place = this.#places[at];
    if (!place) throw new Error(`There is no isolate ${at}.`);
    return place;
  }

  #say(line: string): void {
    this.#trace.push(`${String(this.#time.now() - this.#begun).padStart(7)} ${line}`);
  }

  #pause(): Promise<void> {
    const { waits } = this.#plan;
    this.#waits += 1;
    return waitFor(this.#time, waits[this.#waits % waits.length] ?? 0);
  }

  #hold(): Promise<void> {
    const { holds } = this.#plan;
    this.#holds += 1;
    return waitFor(this.#time, this.#quiet ? 0 : (holds[this.#holds % holds.length] ?? 0));
  }

  /** Lets time pass until it is done. */
  async #during(work: Promise<unknown>): Promise<void> {
    const state = { over: false };
    const end = (): void => void (state.over = true);
    work.then(end, end);
    while (!state.over) await this.#time.advance(200);
    await work;
  }
}

async function waitFor(time: Timeline, length: number): Promise<void> {
  if (length >= 8) return time.sleep(length - 7);
  for (let turn = 0; turn < length; turn += 1) await Promise.resolve();
}
