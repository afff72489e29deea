import { RESOURCES } from './schedule-plan.ts';
import type { Shape } from './schedule-plan.ts';
import type { Rendered } from './schedule-bodies.ts';

/** A purge that was acknowledged. */
interface Cut {
  /** Its place in the order of all that has happened: what the origin answered before it is what it hits. */
  readonly event: number;
  readonly hard: boolean;
  readonly covers: readonly number[];
  readonly isolate: object;
  readonly acknowledgedAt: number;
  readonly name: string;
}

/** An answer of the origin. */
interface Answer {
  readonly event: number;
  readonly at: number;
  readonly shape: Shape;
  /** For how long it is fresh, in seconds. */
  readonly lifetime: number;
}

/** What a client was given. */
export interface Served {
  readonly what: string;
  readonly resource: number;
  readonly fields: Readonly<Record<'a' | 'b' | 'c', string>>;
  /** Of the origin's answer by which it stands. */
  readonly serial: number;
  readonly body: Rendered | undefined;
  /** By its entity tag. */
  readonly tagged: Rendered | undefined;
  /** Said to be stale. */
  readonly stale: boolean;
  readonly collapsed: boolean;
  readonly beganAt: number;
}

/**
 * What the origin has answered, what was written and what was purged, in the order in which it happened. It knows nothing
 * of stamps, records and keys.
 */
export class Oracle {
  readonly violations: string[] = [];
  readonly #cuts: Cut[] = [];
  readonly #answers: Answer[] = [];
  /** When each version was over, by resource. */
  readonly #ends: number[][] = RESOURCES.map(() => []);
  #events = 0;

  /** Something happens. */
  tick(): number {
    this.#events += 1;
    return this.#events;
  }

  answered(answer: Omit<Answer, 'event'>): number {
    return this.#answers.push({ ...answer, event: this.tick() }) - 1;
  }

  /** A version is no more. */
  replaced(resource: number, version: number): number {
    const event = this.tick();
    const ends = this.#ends[resource];
    if (ends) ends[version] = event;
    return event;
  }

  /** When a version was replaced. */
  endOf(resource: number, version: number): number {
    return this.#ends[resource]?.[version] ?? Number.POSITIVE_INFINITY;
  }

  cut(cut: Cut): void {
    this.#cuts.push(cut);
  }

  /** What an isolate must know that is asked now. */
  due(isolate: object, now: number, boundMs: number): readonly Cut[] {
    return this.#cuts.filter(
      (cut) => cut.isolate === isolate || now >= cut.acknowledgedAt + boundMs,
    );
  }

  /** @param due what the isolate had to know when it served this */
  served(served: Served, due: readonly Cut[]): void {
    const { resource, fields, body, tagged, serial } = served;
    const answer = this.#answers[serial];
    for (const one of [body, tagged]) {
      if (!one) continue;
      if (one.resource !== resource) this.#report(served, 'is of another resource');
      for (const name of ['a', 'b', 'c'] as const)
        if (one[name] !== '*' && one[name] !== fields[name])
          this.#report(served, `is of another selection by ${name}: ${one[name]}`);
      if (one.p !== '*' && one.p !== fields.c) this.#report(served, `is private to ${one.p}`);
      const end = this.endOf(resource, one.version);
      this.#against(served, due, `version ${one.version}`, end);
    }
    if (body && tagged && (body.version !== tagged.version || body.a !== tagged.a))
      this.#report(served, 'has the tag of another body');
    if (!answer) return;
    this.#against(served, due, `answer ${serial}`, answer.event);
    this.#inTime(served, answer);
  }

  /** The origin is asked whether something still stands: what was purged is not asked for. */
  validated(what: string, tagged: Rendered, due: readonly Cut[]): void {
    const end = this.endOf(tagged.resource, tagged.version);
    const cut = due.find(
      ({ hard, covers, event }) => hard && covers.includes(tagged.resource) && end < event,
    );
    if (cut) this.violations.push(`${what} asked by version ${tagged.version} after ${cut.name}`);
  }

  #against({ what, resource, stale }: Served, due: readonly Cut[], of: string, end: number): void {
    const cut = due.find(
      ({ hard, covers, event }) => (hard || !stale) && covers.includes(resource) && end < event,
    );
    if (cut) this.violations.push(`${what} has ${of} of before ${cut.name}`);
  }

  #inTime(served: Served, { at, lifetime, shape }: Answer): void {
    // Whoever waits for another's answer may begin when that is over already.
    if (served.collapsed) return;
    if (served.stale && shape.windowS === 0) this.#report(served, 'is stale, which it forbids');
    const seconds = lifetime + (served.stale ? shape.windowS : 0);
    const over = Math.round((served.beganAt - at) / 1000 - seconds);
    if (served.beganAt > at + seconds * 1000)
      this.#report(served, `is over for ${over} s${served.stale ? ', windows included' : ''}`);
  }

  #report({ what }: Served, why: string): void {
    this.violations.push(`${what} ${why}`);
  }
}
