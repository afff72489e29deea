import type { Runtime } from '../runtime.ts';
import { FailureWindow } from './failure-window.ts';

/** `closed`: calls pass. `open`: they are refused. `half_open`: one probe is under way. */
export type CircuitState = 'closed' | 'open' | 'half_open';

export interface BreakerOptions {
  /** How long results count, in milliseconds. Default 10,000. */
  readonly windowMs?: number;
  /** The share of failures at which it opens, from 0 to 1. Default 0.5. */
  readonly failureRate?: number;
  /** So many results must be in the window before their share means anything. Default 5. */
  readonly minimumCalls?: number;
  /** How long it stays open before the first probe, in milliseconds; doubled by each probe that fails. Default 1,000. */
  readonly openMs?: number;
  /** The most that doubling leads to. Default 30,000. */
  readonly maxOpenMs?: number;
  /** A probe without a result for so long has lost its owner, and another call may probe. Default 10,000. */
  readonly probeMs?: number;
}

/**
 * How a call ended. `timeout`: no answer within the deadline. `neutral`: it ended before the store could show whether
 * it works.
 */
export type CallOutcome = 'success' | 'failure' | 'timeout' | 'neutral';

/** Permission for one call, handed back with its outcome. One that is never handed back does no harm. */
export interface Pass {
  /** Grows when the breaker opens and when it closes. */
  readonly era: number;
  /** How many calls had succeeded when this one was sent. */
  readonly successes: number;
}

/**
 * Keeps calls away from a store that does not answer. Pure decisions: it makes no call and sets no timer (a timer of
 * one request of Workers ends with that request; time is looked at when somebody calls).
 *
 * Closed, it opens when the share of failures in a rolling window is too high, and at once when a call timed out and no
 * call has succeeded since that one was sent: a whole deadline of silence. So a dead store costs one deadline, also
 * where requests come one after another, and one slow call among good ones does not open it.
 *
 * Open, it refuses until its time is over; then one call goes as the probe, and others are refused until that settles
 * or has been silent for so long that its owner must be gone. `urgent` calls are always let through; their success closes it,
 * their failure while it is open changes nothing.
 *
 * A result of a call that was sent before the breaker last opened or closed says nothing about now, and is not
 * counted: it neither opens nor closes. (It does break the silence of a call that is still waiting.)
 */
export class CircuitBreaker {
  readonly #clock: Pick<Runtime, 'now' | 'random'>;
  readonly #report: (state: CircuitState) => void;
  readonly #options: Required<BreakerOptions>;
  readonly #window: FailureWindow;
  #state: CircuitState = 'closed';
  #era = 0;
  #successes = 0;
  #failedProbes = 0;
  #openedAt = 0;
  #openForMs = 0;
  #probe: { readonly pass: Pass; readonly sentAt: number } | undefined;

  /** @param report is told every change of the state; must not throw */
  constructor(
    options: BreakerOptions,
    clock: Pick<Runtime, 'now' | 'random'>,
    report: (state: CircuitState) => void = () => undefined,
  ) {
    this.#options = {
      windowMs: 10_000,
      failureRate: 0.5,
      minimumCalls: 5,
      openMs: 1000,
      maxOpenMs: 30_000,
      probeMs: 10_000,
      ...options,
    };
    this.#clock = clock;
    this.#report = report;
    this.#window = new FailureWindow(this.#options.windowMs);
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Whether {@link enter} would let a call through that is not urgent. Changes nothing. */
  admits(): boolean {
    return this.#state === 'closed' || this.#mayProbe();
  }

  /** Lets a call through, as the probe when one is due. Undefined: refused. The caller sends at once, and {@link settle}s. */
  enter(urgent = false): Pass | undefined {
    const pass = { era: this.#era, successes: this.#successes };
    if (this.#state === 'closed') return pass;
    if (this.#mayProbe()) {
      this.#probe = { pass, sentAt: this.#clock.now() };
      this.#become('half_open');
      return pass;
    }
    return urgent ? pass : undefined;
  }

  settle(pass: Pass, outcome: CallOutcome): void {
    if (outcome === 'success') this.#successes += 1;
    if (pass.era !== this.#era) return;
    if (this.#state === 'closed') this.#count(pass, outcome);
    else if (outcome === 'success') this.#close();
    else if (this.#probe?.pass === pass) this.#probeFailed(outcome);
  }

  #count(pass: Pass, outcome: CallOutcome): void {
    if (outcome === 'neutral') return;
    const now = this.#clock.now();
    this.#window.add(outcome !== 'success', now);
    if (outcome === 'success') return;
    const silence = outcome === 'timeout' && pass.successes === this.#successes;
    const { calls, failures } = this.#window.totals(now);
    const { minimumCalls, failureRate } = this.#options;
    if (silence || (calls >= minimumCalls && failures >= failureRate * calls)) {
      this.#era += 1;
      this.#open();
    }
  }

  #probeFailed(outcome: CallOutcome): void {
    this.#probe = undefined;
    // A probe that showed nothing: the next call is one.
    if (outcome === 'neutral') return;
    this.#failedProbes += 1;
    this.#open();
  }

  #open(): void {
    const { openMs, maxOpenMs } = this.#options;
    const longest = Math.min(maxOpenMs, openMs * 2 ** this.#failedProbes);
    // Up to half of it is left to chance, so that isolates that lost a store together do not come back together.
    this.#openForMs = longest * (1 - this.#clock.random() / 2);
    this.#openedAt = this.#clock.now();
    this.#become('open');
  }

  #close(): void {
    this.#era += 1;
    this.#failedProbes = 0;
    this.#window.clear();
    this.#become('closed');
  }

  #mayProbe(): boolean {
    if (this.#state === 'open') return this.#elapsed(this.#openedAt) >= this.#openForMs;
    return !this.#probe || this.#elapsed(this.#probe.sentAt) >= this.#options.probeMs;
  }

  /** On either side of zero: a clock that was set back must not keep the breaker open for hours. */
  #elapsed(since: number): number {
    return Math.abs(this.#clock.now() - since);
  }

  #become(state: CircuitState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#report(state);
  }
}
