import { CircuitOpen, DeadlineExceeded } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import {
  CircuitBreaker,
  type BreakerOptions,
  type CircuitState,
  type CallOutcome,
  type Pass,
} from './circuit-breaker.ts';
import { ConcurrencyLimit, type ConcurrencyOptions } from './concurrency-limit.ts';
import { withDeadline } from './deadline.ts';

export interface GuardOptions {
  /** The store's name, in errors. */
  readonly name: string;
  /**
   * How long one call may take from when it is sent, in milliseconds. Whatever limit the store has of its own should be
   * longer.
   */
  readonly deadlineMs: number;
  /** `probeMs` is by default twice the deadline. */
  readonly breaker?: BreakerOptions;
  /** `waitMs` is by default half the deadline, `slotMs` twice the deadline. */
  readonly concurrency?: ConcurrencyOptions;
  readonly clock: Pick<Runtime, 'now' | 'sleep' | 'random'>;
  /** Is told every change of the breaker's state; must not throw. */
  readonly report?: (state: CircuitState) => void;
}

export interface GuardedCall {
  /** So many deadlines the call may take, for one that is several requests. Default 1. */
  readonly deadlines?: number;
  /** Let through whatever the breaker and the limit say. For purges: they are few, and must not be lost. */
  readonly urgent?: boolean;
  /** Whether an error of the call means that the store does not work. Default: every error does. Those that do not are passed on and not counted. */
  readonly isFailure?: (error: unknown) => boolean;
}

/**
 * Deadline, circuit breaker and bounded concurrency around the calls of one store; one object a store and isolate.
 *
 * The breaker is asked first, so that nobody queues for a store that is not asked; then comes the slot; then the breaker
 * again, which may have opened meanwhile; then the call, under its deadline. The wait for a slot has a bound of its own
 * and is not taken off the deadline: a call that is sent with a remnant of it is work for nothing, its silence says
 * nothing about the store, and if it writes, its outcome is unknown.
 */
export class Guard {
  readonly name: string;
  /** The longest that {@link run} takes, in milliseconds: the wait for a slot and the deadline. */
  readonly patienceMs: number;
  readonly #deadlineMs: number;
  readonly #clock: Pick<Runtime, 'now' | 'sleep' | 'random'>;
  readonly #breaker: CircuitBreaker;
  readonly #limit: ConcurrencyLimit;

  constructor(options: GuardOptions) {
    const { name, deadlineMs, clock } = options;
    const waitMs = options.concurrency?.waitMs ?? Math.ceil(deadlineMs / 2);
    this.name = name;
    this.patienceMs = waitMs + deadlineMs;
    this.#deadlineMs = deadlineMs;
    this.#clock = clock;
    this.#breaker = new CircuitBreaker(
      { probeMs: 2 * deadlineMs, ...options.breaker },
      clock,
      options.report,
    );
    this.#limit = new ConcurrencyLimit(
      name,
      { slotMs: 2 * deadlineMs, ...options.concurrency, waitMs },
      clock,
    );
  }

  get state(): CircuitState {
    return this.#breaker.state;
  }

  /**
   * Makes the call. Rejects with `CircuitOpen` or `Overloaded` when nothing was sent, with `DeadlineExceeded` when it was
   * and no answer came (the call goes on), and with what the call threw.
   */
  async run<T>(call: () => Promise<T>, options: GuardedCall = {}): Promise<T> {
    const urgent = options.urgent === true;
    if (!urgent && !this.#breaker.admits()) throw new CircuitOpen(this.name);
    const taken = this.#limit.take(urgent);
    const slot = taken instanceof Promise ? await taken : taken;
    try {
      const pass = this.#breaker.enter(urgent);
      if (!pass) throw new CircuitOpen(this.name);
      return await this.#send(call, pass, options);
    } finally {
      this.#limit.release(slot);
    }
  }

  async #send<T>(
    call: () => Promise<T>,
    pass: Pass,
    { isFailure = () => true, deadlines = 1 }: GuardedCall,
  ): Promise<T> {
    try {
      const answer = await withDeadline(call(), this.#deadlineMs * deadlines, this.#clock);
      this.#breaker.settle(pass, 'success');
      return answer;
    } catch (error) {
      this.#breaker.settle(pass, outcomeOf(error, isFailure));
      throw error;
    }
  }
}

function outcomeOf(error: unknown, isFailure: (error: unknown) => boolean): CallOutcome {
  if (isTimeout(error)) return 'timeout';
  return isFailure(error) ? 'failure' : 'neutral';
}

/** Ours, or the store's own: clients wrap the `TimeoutError` of an `AbortSignal`. */
function isTimeout(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1)
    if (at instanceof DeadlineExceeded || at.name === 'TimeoutError') return true;
  return false;
}
