import { describe, expect, it, test } from 'vitest';
import { acme, down, scene } from './isolate.ts';

describe('the coherence bound', () => {
  test('a view that was never checked is neither fresh nor good enough for an outage', () => {
    const { coherence, runtime } = scene();
    const view = coherence.view(acme);
    expect(coherence.isFresh(view, runtime.now())).toBe(false);
    expect(coherence.mayServeUnverified(view, runtime.now())).toBe(false);
  });

  it.each([
    [999, true, true],
    [1000, false, true],
    [29_999, false, true],
    [30_000, false, false],
  ])(
    '%i ms after its check a view is fresh: %s, good for an outage: %s',
    async (ms, fresh, may) => {
      const { coherence, runtime } = scene();
      const view = await coherence.check(acme, runtime);
      await runtime.advance(ms);
      expect(coherence.isFresh(view, runtime.now())).toBe(fresh);
      expect(coherence.mayServeUnverified(view, runtime.now())).toBe(may);
    },
  );

  test('it counts from when the check was sent, not from when it was answered', async () => {
    const slow = scene({}, (authority) => ({
      read: async (...args) => {
        const reply = await authority.read(...args);
        await slow.runtime.advance(700);
        return reply;
      },
    }));
    await slow.coherence.check(acme, slow.runtime);
    slow.asked.length = 0;
    const sentAt = slow.runtime.now();
    const view = await slow.coherence.check(acme, slow.runtime);
    expect(view.checkedAt).toBe(sentAt);
    expect(slow.runtime.now()).toBe(sentAt + 700);
  });

  it.each([
    [-999, true, true],
    [-1000, false, true],
    [-30_000, false, false],
  ])(
    'a clock that was set back by %i ms: fresh %s, good for an outage %s',
    async (ms, fresh, may) => {
      const { coherence, runtime } = scene();
      const view = await coherence.check(acme, runtime);
      await runtime.advance(ms);
      expect(coherence.isFresh(view, runtime.now())).toBe(fresh);
      expect(coherence.mayServeUnverified(view, runtime.now())).toBe(may);
    },
  );

  test('0 is never fresh: every read checks', async () => {
    const { coherence, runtime, asked } = scene({ coherenceMs: 0 });
    await coherence.check(acme, runtime);
    expect(coherence.isFresh(coherence.view(acme), runtime.now())).toBe(false);
    asked.length = 0;
    await Promise.all([coherence.check(acme, runtime), coherence.check(acme, runtime)]);
    expect(asked).toEqual(['read', 'read']);
  });
});

describe('renewal in the background', () => {
  it.each([
    [499, []],
    [500, ['read']],
  ])('%i ms after the check it asks %j', async (ms, expected) => {
    const { coherence, runtime, asked } = scene();
    const view = await coherence.check(acme, runtime);
    asked.length = 0;
    await runtime.advance(ms);
    const before = runtime.behind.length;
    coherence.renewSoon(acme, view, runtime);
    const begun = runtime.behind.length;
    expect(begun > before).toBe(expected.length > 0);
    // While one is under way, nobody begins another.
    coherence.renewSoon(acme, view, runtime);
    expect(runtime.behind).toHaveLength(begun);
    await runtime.settle();
    expect(asked).toEqual(expected);
    expect(coherence.view(acme).checkedAt).toBe(runtime.now() - (expected.length > 0 ? 0 : ms));
  });

  test('fails silently: the next request that needs the answer asks and reports', async () => {
    let failing = false;
    const { coherence, runtime } = scene({}, (authority) => ({
      read: (...args) => (failing ? down() : authority.read(...args)),
    }));
    const view = await coherence.check(acme, runtime);
    failing = true;
    await runtime.advance(600);
    coherence.renewSoon(acme, view, runtime);
    const outcomes = await Promise.allSettled(runtime.behind);
    expect(outcomes.map(({ status }) => status)).not.toContain('rejected');
  });
});
