import type { Runtime } from '../runtime.ts';
import { waitFor } from './patience.ts';

interface Flight<T> {
  readonly promise: Promise<T>;
  readonly startedAt: number;
}

/** Past this age nothing can still work on a call: `waitUntil` of Workers ends 30 seconds after the response. */
const MAX_FLIGHT_MS = 60_000;

/**
 * Lets concurrent requests of one isolate share the answer of one call, safely on Workers: a promise whose owner's
 * client goes away may never settle, so the leader holds the call with `waitUntil`, and a follower races a timer of
 * its own and then makes the call itself. A flight that nobody ends is forgotten after a minute, whether or not
 * anybody asks for it again.
 *
 * Only plain data may be shared: a `Response` or a stream belongs to the request that made it.
 */
export class SharedCalls<T> {
  // In the order in which they began.
  readonly #flights = new Map<string, Flight<T>>();
  readonly #followerWaitMs: number;

  /** @param followerWaitMs how long a follower trusts the leader, in milliseconds */
  constructor(followerWaitMs: number) {
    this.#followerWaitMs = followerWaitMs;
  }

  /** Joins the call in flight under `name` when `mayJoin` accepts its start time; else makes a new one. */
  async run(
    name: string,
    call: () => Promise<T>,
    runtime: Runtime,
    mayJoin: (startedAt: number) => boolean = () => true,
  ): Promise<T> {
    this.#forget(runtime.now());
    const flight = this.#flights.get(name);
    if (flight && mayJoin(flight.startedAt)) {
      const waited = await waitFor(flight.promise, this.#followerWaitMs, runtime);
      if (waited.settled) return waited.value;
      // Of those that lost patience together one leads, and the others follow it: a slow call is not made once a follower.
      if (this.#flights.get(name) !== flight) return this.run(name, call, runtime, mayJoin);
    }
    return this.#lead(name, call, runtime);
  }

  /** Nobody joins the call in flight under this name from now on, or any call without a name. */
  drop(name?: string): void {
    if (name === undefined) this.#flights.clear();
    else this.#flights.delete(name);
  }

  /** As {@link drop}, for the names that pass the test. */
  dropWhere(test: (name: string) => boolean): void {
    for (const name of this.#flights.keys()) if (test(name)) this.#flights.delete(name);
  }

  /** True while a call under this name is in flight, at most a minute. */
  has(name: string, now?: number): boolean {
    if (now !== undefined) this.#forget(now);
    return this.#flights.has(name);
  }

  async #lead(name: string, call: () => Promise<T>, runtime: Runtime): Promise<T> {
    const startedAt = runtime.now();
    const promise = call();
    const flight = { promise, startedAt };
    this.#flights.delete(name);
    this.#flights.set(name, flight);
    const settled = promise.then(
      () => this.#land(name, flight),
      () => this.#land(name, flight),
    );
    runtime.waitUntil(settled);
    return promise;
  }

  #land(name: string, flight: Flight<T>): void {
    // A follower that lost patience may lead by now: its flight is not ours to end.
    if (this.#flights.get(name) === flight) this.#flights.delete(name);
  }

  /** Drops the flights of owners that are gone: nobody may ever ask for those names again. */
  #forget(now: number): void {
    for (const [name, { startedAt }] of this.#flights) {
      if (Math.abs(now - startedAt) < MAX_FLIGHT_MS) return;
      this.#flights.delete(name);
    }
  }
}
