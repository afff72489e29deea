import { describe, expect, test } from 'vitest';
import {
  CircuitBreaker,
  type BreakerOptions,
  type Pass,
} from '../../../src/resilience/circuit-breaker.ts';
import type { CircuitState } from '../../../src/telemetry/events.ts';
import { testClock } from './clock.ts';

function setUp(options: BreakerOptions = {}) {
  const clock = testClock();
  const states: CircuitState[] = [];
  const breaker = new CircuitBreaker(options, clock, (state) => void states.push(state));
  const send = (urgent = false): Pass => {
    const pass = breaker.enter(urgent);
    if (!pass) throw new Error('The call was refused.');
    return pass;
  };
  const succeed = (times = 1): void => {
    for (let at = 0; at < times; at += 1) breaker.settle(send(), 'success');
  };
  const fail = (times = 1): void => {
    for (let at = 0; at < times; at += 1) breaker.settle(send(), 'failure');
  };
  /** Opens it as a lone call to a dead store does. */
  const die = (): void => breaker.settle(send(), 'timeout');
  return { clock, states, breaker, send, succeed, fail, die };
}

describe('a closed breaker', () => {
  test('opens when half of the calls in the window failed, once there are enough of them', () => {
    const { breaker, states, succeed, fail } = setUp();
    fail(4);
    expect(breaker.state).toBe('closed');
    succeed(5);
    expect(breaker.state).toBe('closed');
    fail();
    expect(breaker.state).toBe('open');
    expect(states).toEqual(['open']);
  });

  test('stays closed while fewer failed, however many', () => {
    const { breaker, succeed, fail } = setUp();
    for (let at = 0; at < 100; at += 1) {
      succeed(2);
      fail(1);
    }
    expect(breaker.state).toBe('closed');
  });

  test('forgets failures that are older than its window', async () => {
    const { breaker, clock, fail } = setUp();
    fail(4);
    await clock.advance(10_000);
    fail(4);
    expect(breaker.state).toBe('closed');
    fail();
    expect(breaker.state).toBe('open');
  });

  test('opens at the first timeout of a lone call, also after thousands of good ones', () => {
    const { breaker, succeed, die } = setUp();
    succeed(5000);
    die();
    expect(breaker.state).toBe('open');
    expect(breaker.enter()).toBeUndefined();
  });

  test('opens at the first timeout of many calls at once when none of them was answered', () => {
    const { breaker, states, send } = setUp();
    const passes = Array.from({ length: 50 }, () => send());
    for (const pass of passes) breaker.settle(pass, 'timeout');
    expect(states).toEqual(['open']);
  });

  test('does not open for one slow call while others are answered', () => {
    const { breaker, succeed, send } = setUp();
    const slow = send();
    succeed(10);
    breaker.settle(slow, 'timeout');
    expect(breaker.state).toBe('closed');
  });

  test('does not take a failure at once for silence, nor an answer with an error for a sign of life', () => {
    const { breaker, fail, send } = setUp();
    fail();
    expect(breaker.state).toBe('closed');
    const slow = send();
    fail();
    breaker.settle(slow, 'timeout');
    expect(breaker.state).toBe('open');
  });

  test('counts timeouts among the failures', () => {
    const { breaker, send, succeed } = setUp();
    const slow = [send(), send(), send()];
    succeed(2);
    for (const pass of slow) breaker.settle(pass, 'timeout');
    expect(breaker.state).toBe('open');
  });

  test('counts neither calls that showed nothing nor such that never end', () => {
    const { breaker, send, succeed } = setUp();
    for (let at = 0; at < 100; at += 1) breaker.settle(send(), 'neutral');
    for (let at = 0; at < 100; at += 1) send();
    succeed();
    expect(breaker.state).toBe('closed');
    expect(breaker.admits()).toBe(true);
  });
});

describe('an open breaker', () => {
  test('refuses until its time is over, then lets one probe through and refuses the others', async () => {
    const { breaker, clock, states, die, send } = setUp();
    die();
    await clock.advance(999);
    expect(breaker.admits()).toBe(false);
    expect(breaker.enter()).toBeUndefined();
    await clock.advance(1);
    expect(breaker.admits()).toBe(true);
    expect(breaker.state).toBe('open');
    send();
    expect(breaker.state).toBe('half_open');
    expect(breaker.admits()).toBe(false);
    expect(breaker.enter()).toBeUndefined();
    expect(states).toEqual(['open', 'half_open']);
  });

  test('closes when the probe succeeds, with nothing left of what it knew', async () => {
    const { breaker, clock, states, die, fail, succeed } = setUp();
    fail(4);
    die();
    await clock.advance(1000);
    succeed();
    expect(states).toEqual(['open', 'half_open', 'closed']);
    fail(4);
    expect(breaker.state).toBe('closed');
  });

  test.each(['failure', 'timeout'] as const)(
    'waits twice as long after each probe that ends in a %s, up to its limit',
    async (outcome) => {
      const { breaker, clock, die, send } = setUp();
      die();
      for (const wait of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
        await clock.advance(wait - 1);
        expect(breaker.enter()).toBeUndefined();
        await clock.advance(1);
        breaker.settle(send(), outcome);
        expect(breaker.state).toBe('open');
      }
      await clock.advance(30_000);
      breaker.settle(send(), 'success');
      die();
      await clock.advance(1000);
      expect(breaker.admits()).toBe(true);
    },
  );

  test('leaves up to half of the wait to chance', async () => {
    const { breaker, clock, die } = setUp();
    clock.chance = 0.999;
    die();
    await clock.advance(500);
    expect(breaker.admits()).toBe(false);
    await clock.advance(1);
    expect(breaker.admits()).toBe(true);
  });

  test('is not held open for hours by a clock that was set back', async () => {
    const { breaker, clock, die, send } = setUp();
    die();
    await clock.advance(-3_600_000);
    expect(breaker.admits()).toBe(true);
    send();
    await clock.advance(-3_600_000);
    expect(breaker.admits()).toBe(true);
  });

  test('lets another probe go when one showed nothing', async () => {
    const { breaker, clock, die, send } = setUp();
    die();
    await clock.advance(1000);
    breaker.settle(send(), 'neutral');
    expect(breaker.admits()).toBe(true);
    breaker.settle(send(), 'success');
    expect(breaker.state).toBe('closed');
  });
});

describe('a probe whose owner has vanished', () => {
  test('makes room for another one by age', async () => {
    const { breaker, clock, states, die, send, succeed } = setUp({ probeMs: 3000 });
    die();
    await clock.advance(1000);
    send();
    await clock.advance(2999);
    expect(breaker.enter()).toBeUndefined();
    await clock.advance(1);
    succeed();
    expect(states).toEqual(['open', 'half_open', 'closed']);
  });

  test('and was only slow, closes with a success and decides nothing with a failure', async () => {
    for (const outcome of ['failure', 'timeout', 'neutral', 'success'] as const) {
      const { breaker, clock, die, send } = setUp({ probeMs: 3000 });
      die();
      await clock.advance(1000);
      const slow = send();
      await clock.advance(3000);
      const second = send();
      breaker.settle(slow, outcome);
      expect(breaker.state).toBe(outcome === 'success' ? 'closed' : 'half_open');
      expect(breaker.admits()).toBe(outcome === 'success');
      breaker.settle(second, 'failure');
      expect(breaker.state).toBe(outcome === 'success' ? 'closed' : 'open');
    }
  });
});

describe('an urgent call', () => {
  test('is let through by an open breaker, and its success closes it', () => {
    const { breaker, states, die, send } = setUp();
    die();
    const pass = send(true);
    expect(breaker.state).toBe('open');
    breaker.settle(pass, 'success');
    expect(states).toEqual(['open', 'closed']);
  });

  test('that fails neither keeps the breaker open for longer nor opens it again', async () => {
    const { breaker, clock, states, die, send } = setUp();
    die();
    await clock.advance(999);
    breaker.settle(send(true), 'timeout');
    await clock.advance(1);
    expect(breaker.admits()).toBe(true);
    expect(states).toEqual(['open']);
  });

  test('is the probe when one is due', async () => {
    const { breaker, clock, die, send } = setUp();
    die();
    await clock.advance(1000);
    const urgent = send(true);
    expect(breaker.state).toBe('half_open');
    expect(breaker.enter()).toBeUndefined();
    breaker.settle(urgent, 'timeout');
    await clock.advance(1999);
    expect(breaker.admits()).toBe(false);
  });

  test('beside a probe closes with its success, and the probe’s failure then says nothing', async () => {
    const { breaker, clock, die, send } = setUp();
    die();
    await clock.advance(1000);
    const probe = send();
    const urgent = send(true);
    breaker.settle(urgent, 'success');
    expect(breaker.state).toBe('closed');
    breaker.settle(probe, 'timeout');
    expect(breaker.state).toBe('closed');
  });

  test('that fails once another has closed the breaker does not open it', () => {
    const { breaker, states, die, send } = setUp();
    die();
    const passes = Array.from({ length: 20 }, () => send(true));
    breaker.settle(send(true), 'success');
    for (const pass of passes) breaker.settle(pass, 'failure');
    expect(states).toEqual(['open', 'closed']);
  });

  test('counts while the breaker is closed', () => {
    const { breaker, send } = setUp();
    breaker.settle(send(true), 'timeout');
    expect(breaker.state).toBe('open');
  });
});

describe('a result of a call sent before the breaker opened', () => {
  test('does not close it, nor end its probe', async () => {
    const { breaker, clock, die, send } = setUp();
    const early = [send(), send(), send(), send(true)];
    die();
    const settleAll = (): void => {
      breaker.settle(early.pop() ?? send(), 'success');
      breaker.settle(early.pop() ?? send(), 'failure');
    };
    settleAll();
    expect(breaker.state).toBe('open');
    await clock.advance(1000);
    send();
    settleAll();
    expect(breaker.state).toBe('half_open');
    expect(breaker.admits()).toBe(false);
  });

  test('does not open it once it has closed', async () => {
    const { breaker, clock, die, send, succeed } = setUp();
    const early = Array.from({ length: 20 }, () => send());
    die();
    await clock.advance(1000);
    succeed();
    for (const pass of early) breaker.settle(pass, 'timeout');
    expect(breaker.state).toBe('closed');
  });

  test('is a sign of life for a call that waits: silence it is not', async () => {
    const { breaker, clock, die, send, succeed } = setUp();
    const early = send();
    die();
    await clock.advance(1000);
    succeed();
    const slow = send();
    breaker.settle(early, 'success');
    breaker.settle(slow, 'timeout');
    expect(breaker.state).toBe('closed');
  });
});
