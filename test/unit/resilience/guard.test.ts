import { describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { Guard, type GuardOptions } from '../../../src/resilience/guard.ts';
import { platformRuntime } from '../../../src/runtime.ts';
import type { CircuitState } from '../../../src/telemetry/events.ts';
import { turn } from '../support/runtime.ts';
import { never, testClock } from './clock.ts';

const DEADLINE = 1000;

function setUp(options: Partial<GuardOptions> = {}) {
  const clock = testClock();
  const states: CircuitState[] = [];
  const guard = new Guard({
    name: 'redis',
    deadlineMs: DEADLINE,
    clock,
    report: (state) => void states.push(state),
    ...options,
  });
  let sent = 0;
  /** Makes a call; says how it ended. */
  const outcome = (call: () => Promise<unknown>, urgent = false): Promise<unknown> =>
    guard
      .run(
        () => {
          sent += 1;
          return call();
        },
        { urgent },
      )
      .catch((error: unknown) => (error instanceof Error ? error.name : error));
  return { clock, states, guard, outcome, sent: () => sent };
}

const answer = (): Promise<string> => Promise.resolve('answer');

describe('a guarded call', () => {
  test('is answered as it is, and fails as it fails', async () => {
    const { guard } = setUp();
    expect(await guard.run(answer)).toBe('answer');
    const error = new Error('gone');
    await expect(guard.run(() => Promise.reject(error))).rejects.toBe(error);
    const atOnce = (): Promise<never> => {
      throw error;
    };
    await expect(guard.run(atOnce)).rejects.toBe(error);
    expect(guard.state).toBe('closed');
  });

  test('rejects at its deadline, and its end after that disturbs nobody', async () => {
    const { clock, outcome } = setUp();
    const { promise, reject } = Promise.withResolvers<never>();
    const ended = outcome(() => promise);
    await clock.advance(DEADLINE);
    expect(await ended).toBe('DeadlineExceeded');
    reject(new Error('late'));
    await turn();
  });

  test('waits for a slot for a time of its own, and then has its whole deadline', async () => {
    const { clock, guard, outcome, sent } = setUp({ concurrency: { limit: 1, queue: 1 } });
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = outcome(() => promise);
    const ends: unknown[] = [];
    const second = outcome(never).then((end) => ends.push(end));
    expect(await outcome(answer)).toBe('Overloaded');
    await clock.advance(400);
    expect(sent()).toBe(1);
    resolve('first');
    expect(await first).toBe('first');
    await turn();
    expect(sent()).toBe(2);
    await clock.advance(DEADLINE - 1);
    expect(ends).toEqual([]);
    await clock.advance(1);
    await second;
    expect(ends).toEqual(['DeadlineExceeded']);
    expect(guard.patienceMs).toBe(1500);
  });

  test('is refused when it got no slot in time: nothing was sent, and the breaker learns nothing', async () => {
    const { clock, outcome, sent, states } = setUp({ concurrency: { limit: 1 } });
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = outcome(() => promise);
    const second = outcome(answer);
    await clock.advance(500);
    expect(await second).toBe('Overloaded');
    expect(sent()).toBe(1);
    resolve('first');
    expect(await first).toBe('first');
    expect(states).toEqual([]);
  });
});

test('a slow store that answers others stays asked', async () => {
  const { clock, outcome, states } = setUp();
  const slow = outcome(never);
  for (let at = 0; at < 9; at += 1) await outcome(answer);
  await clock.advance(DEADLINE);
  expect(await slow).toBe('DeadlineExceeded');
  expect(await outcome(answer)).toBe('answer');
  expect(states).toEqual([]);
});

describe('a dead store', () => {
  test('costs requests that come one after another one deadline, then nothing until the probe', async () => {
    const { clock, outcome, sent, states } = setUp();
    const began = clock.now();
    const first = outcome(never);
    await clock.advance(DEADLINE);
    expect(await first).toBe('DeadlineExceeded');
    for (let at = 0; at < 100; at += 1) expect(await outcome(never)).toBe('CircuitOpen');
    expect(clock.now() - began).toBe(DEADLINE);
    expect(sent()).toBe(1);
    await clock.advance(1000);
    const probe = outcome(answer);
    expect(await outcome(never)).toBe('CircuitOpen');
    expect(await probe).toBe('answer');
    expect(sent()).toBe(2);
    expect(states).toEqual(['open', 'half_open', 'closed']);
    expect(await outcome(answer)).toBe('answer');
  });

  test('costs those that wait for a slot no call: the breaker is asked again', async () => {
    const { clock, outcome, sent } = setUp({ concurrency: { limit: 2, waitMs: 2000 } });
    const ends = Array.from({ length: 20 }, () => outcome(never));
    await clock.advance(DEADLINE);
    const counts = Object.groupBy(await Promise.all(ends), String);
    expect(counts['DeadlineExceeded']).toHaveLength(2);
    expect(counts['CircuitOpen']).toHaveLength(18);
    expect(sent()).toBe(2);
  });

  test('lets nobody queue: who is refused is refused at once', async () => {
    const { clock, outcome } = setUp({ concurrency: { limit: 1, queue: 1 } });
    const first = outcome(never);
    await clock.advance(DEADLINE);
    await first;
    void outcome(never, true);
    for (let at = 0; at < 5; at += 1) expect(await outcome(answer)).toBe('CircuitOpen');
  });

  test('is asked by urgent calls all the same', async () => {
    const { clock, outcome, guard } = setUp({ concurrency: { limit: 1 } });
    const first = outcome(never);
    await clock.advance(DEADLINE);
    await first;
    expect(guard.state).toBe('open');
    expect(await outcome(answer, true)).toBe('answer');
    expect(guard.state).toBe('closed');
  });

  test('is known by the time limit of its client as well, however it is wrapped', async () => {
    const { outcome, guard } = setUp();
    const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    const error = new AuthorityUnavailable('Redis did not answer.', {
      cause: new Error('fetch failed', { cause: timeout }),
    });
    await outcome(() => Promise.reject(error));
    expect(guard.state).toBe('open');
  });
});

describe('an error that is not the store’s', () => {
  test('is passed on and does not count', async () => {
    const { guard } = setUp();
    const theirs = new TypeError('not a function');
    const isFailure = (error: unknown): boolean => error !== theirs;
    for (let at = 0; at < 20; at += 1)
      await expect(guard.run(() => Promise.reject(theirs), { isFailure })).rejects.toBe(theirs);
    expect(guard.state).toBe('closed');
    for (let at = 0; at < 5; at += 1)
      await guard.run(() => Promise.reject(new Error('down')), { isFailure }).catch(() => 0);
    expect(guard.state).toBe('open');
  });
});

describe('calls whose owner has vanished', () => {
  test('hold their slots for twice the deadline and no longer', async () => {
    const { clock, guard, outcome } = setUp({ concurrency: { limit: 2 } });
    // Neither the call nor the timer of its deadline ever ends.
    clock.vanishing = true;
    void guard.run(never);
    void guard.run(never);
    clock.vanishing = false;
    await clock.advance(1400);
    const refused = outcome(answer);
    await clock.advance(500);
    expect(await refused).toBe('Overloaded');
    await clock.advance(100);
    expect(await outcome(answer)).toBe('answer');
    expect(guard.state).toBe('closed');
  });

  test('as a probe, make room for another one after twice the deadline', async () => {
    const { clock, guard, outcome } = setUp();
    const first = outcome(never);
    await clock.advance(DEADLINE);
    await first;
    await clock.advance(1000);
    clock.vanishing = true;
    void guard.run(never);
    clock.vanishing = false;
    await clock.advance(1999);
    expect(await outcome(answer)).toBe('CircuitOpen');
    await clock.advance(1);
    expect(await outcome(answer)).toBe('answer');
    expect(guard.state).toBe('closed');
  });
});

test('with the timers of the platform: a dead store opens the breaker, and a probe finds it alive', async () => {
  const clock = platformRuntime({ waitUntil: () => undefined });
  const guard = new Guard({ name: 'redis', deadlineMs: 20, clock, breaker: { openMs: 40 } });
  await expect(guard.run(never)).rejects.toMatchObject({ code: 'deadline_exceeded' });
  await expect(guard.run(answer)).rejects.toMatchObject({ code: 'circuit_open', tier: 'redis' });
  await expect.poll(() => guard.run(answer).catch(() => undefined)).toBe('answer');
  expect(guard.state).toBe('closed');
});
