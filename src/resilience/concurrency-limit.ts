import { Overloaded } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { waitFor } from './patience.ts';

export interface ConcurrencyOptions {
  /** The most calls under way. Default 64. */
  readonly limit?: number;
  /** The most calls that wait for one of those to end. Default 256. */
  readonly queue?: number;
  /** How long a call waits, in milliseconds. Default 500. */
  readonly waitMs?: number;
  /** A call that has been under way for so long has lost its owner, and counts no more. Default 10,000. */
  readonly slotMs?: number;
}

/** The place of one call under way. */
export interface Slot {
  readonly takenAt: number;
}

interface Waiter {
  readonly since: number;
  slot: Slot | undefined;
  readonly wake: () => void;
}

/**
 * Bounds the calls of an isolate that are under way at once, first come, first served.
 *
 * Nothing depends on the good conduct of another request, which may vanish between two lines: whoever waits has timers
 * of its own, slots and places in the queue that nobody gives back expire by age, and every call that comes by looks
 * for such. A waiter makes its call itself, in its own request.
 */
export class ConcurrencyLimit {
  readonly #name: string;
  readonly #clock: Pick<Runtime, 'now' | 'sleep'>;
  readonly #options: Required<ConcurrencyOptions>;
  // Both in the order of time: a set keeps the order in which it was filled.
  readonly #slots = new Set<Slot>();
  readonly #waiters = new Set<Waiter>();

  constructor(name: string, options: ConcurrencyOptions, clock: Pick<Runtime, 'now' | 'sleep'>) {
    this.#name = name;
    this.#clock = clock;
    this.#options = { limit: 64, queue: 256, waitMs: 500, slotMs: 10_000, ...options };
  }

  /** Calls under way, those that have vanished and not yet been missed included. */
  get underWay(): number {
    return this.#slots.size;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * A slot, as soon as there is one; to be given back with {@link release}. Fails with {@link Overloaded} when the queue
   * is full (thrown) or the wait is over (rejected). `urgent` calls get one past the limit.
   */
  take(urgent = false): Slot | Promise<Slot> {
    const now = this.#clock.now();
    this.#expire(now);
    // Whoever waits came earlier: after a look for the expired, a free slot is one that nobody waits for.
    if (urgent || this.#slots.size < this.#options.limit) return this.#occupy(now);
    if (this.#waiters.size >= this.#options.queue)
      throw new Overloaded(this.#name, this.#options.limit);
    return this.#wait(now);
  }

  release(slot: Slot): void {
    if (this.#slots.delete(slot)) this.#handOut(this.#clock.now());
  }

  async #wait(since: number): Promise<Slot> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { since, slot: undefined, wake: resolve };
    this.#waiters.add(waiter);
    // Counted in naps, not by the clock: it may stand still.
    for (let left = this.#options.waitMs; left > 0 && !waiter.slot;) {
      const nap = Math.min(left, Math.max(1, this.#nextExpiry()));
      await waitFor(promise, nap, this.#clock);
      left -= nap;
      this.#expire(this.#clock.now());
    }
    this.#waiters.delete(waiter);
    if (!waiter.slot) throw new Overloaded(this.#name, this.#options.limit);
    return waiter.slot;
  }

  #nextExpiry(): number {
    const [oldest] = this.#slots;
    return oldest ? this.#options.slotMs - age(oldest.takenAt, this.#clock.now()) : 0;
  }

  #expire(now: number): void {
    for (const slot of this.#slots) {
      if (age(slot.takenAt, now) < this.#options.slotMs) break;
      this.#slots.delete(slot);
    }
    // A waiter that still exists leaves by itself at that age.
    for (const waiter of this.#waiters) {
      if (age(waiter.since, now) <= this.#options.waitMs) break;
      this.#waiters.delete(waiter);
    }
    this.#handOut(now);
  }

  #handOut(now: number): void {
    for (const waiter of this.#waiters) {
      if (this.#slots.size >= this.#options.limit) return;
      this.#waiters.delete(waiter);
      waiter.slot = this.#occupy(now);
      waiter.wake();
    }
  }

  #occupy(takenAt: number): Slot {
    const slot = { takenAt };
    this.#slots.add(slot);
    return slot;
  }
}

function age(since: number, now: number): number {
  return Math.abs(now - since);
}
