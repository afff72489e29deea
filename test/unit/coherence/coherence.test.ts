import { describe, expect, it, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { turn } from '../support/runtime.ts';
import { tenantId } from '../support/tenants.ts';
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

describe('a check', () => {
  test('of a tenant without a ledger makes one', async () => {
    const { coherence, runtime, asked } = scene();
    const view = await coherence.check(acme, runtime);
    expect(asked).toEqual(['read', 'confirm']);
    expect(view.stamp?.asOf).toBe(runtime.now() * 1000);
  });

  test('is one poll afterwards', async () => {
    const { coherence, runtime, asked } = scene();
    await coherence.check(acme, runtime);
    asked.length = 0;
    await coherence.check(acme, runtime);
    expect(asked).toEqual(['read']);
  });

  test('is shared by the requests of one moment', async () => {
    const { coherence, runtime, asked } = scene();
    await coherence.check(acme, runtime);
    asked.length = 0;
    await Promise.all([1, 2, 3].map(() => coherence.check(acme, runtime)));
    expect(asked).toEqual(['read']);
  });

  test('does not join a poll that was sent longer ago than the bound', async () => {
    const answers: (() => void)[] = [];
    const slow = scene({}, (authority) => ({
      read: async (...args) => {
        await new Promise<void>((resolve) => answers.push(resolve));
        return authority.read(...args);
      },
    }));
    await slow.authority.confirm(acme, undefined);
    const first = slow.coherence.check(acme, slow.runtime);
    await turn();
    await slow.runtime.advance(999);
    const second = slow.coherence.check(acme, slow.runtime);
    await turn();
    expect(answers).toHaveLength(1);
    await slow.runtime.advance(1);
    const third = slow.coherence.check(acme, slow.runtime);
    await turn();
    expect(answers).toHaveLength(2);
    for (const answer of answers) answer();
    await Promise.all([first, second, third]);
    expect(slow.asked.filter((what) => what === 'read')).toHaveLength(2);
  });

  test('that joined a poll which took longer than the bound asks again', async () => {
    const answers: (() => void)[] = [];
    const slow = scene({}, (authority) => ({
      read: async (...args) => {
        if (slow.asked.length > 1) return authority.read(...args);
        await new Promise<void>((resolve) => answers.push(resolve));
        return authority.read(...args);
      },
    }));
    await slow.authority.confirm(acme, undefined);
    const first = slow.coherence.check(acme, slow.runtime);
    await turn();
    // The follower waits for 350 ms, so it has joined 700 ms after the poll was sent and is answered at 1000.
    await slow.runtime.advance(700);
    const joined = slow.coherence.check(acme, slow.runtime);
    await turn();
    await slow.runtime.advance(300);
    answers[0]?.();
    await first;
    const view = await joined;
    expect(slow.asked).toEqual(['read', 'read']);
    expect(view.checkedAt).toBe(slow.runtime.now());
  });

  test('of one tenant says nothing of another', async () => {
    const { coherence, runtime } = scene();
    await coherence.check(acme, runtime);
    expect(coherence.view(tenantId('other')).epoch).toBe('');
  });

  test('rejects when the authority does not answer, and leaves the view as it was', async () => {
    let failing = false;
    const { coherence, runtime } = scene({}, (authority) => ({
      read: (...args) => (failing ? down() : authority.read(...args)),
    }));
    const { checkedAt, epoch } = await coherence.check(acme, runtime);
    failing = true;
    await runtime.advance(2000);
    await expect(coherence.check(acme, runtime)).rejects.toThrow(AuthorityUnavailable);
    expect(coherence.view(acme)).toMatchObject({ checkedAt, epoch });
  });

  test('learns of another epoch, and says so; the first one is no change', async () => {
    const { coherence, runtime, events, authority } = scene();
    const first = await coherence.check(acme, runtime);
    const before = first.epoch;
    expect(events).toEqual([]);
    // A reader that has seen more than there is: the ledger was rolled back.
    await authority.confirm(acme, { epoch: before, seen: Number.MAX_SAFE_INTEGER });
    const second = await coherence.check(acme, runtime);
    expect(second.epoch).not.toBe(before);
    expect(events).toEqual([{ type: 'epoch_changed', tenant: 'acme', epoch: second.epoch }]);
  });

  test('gives up on a ledger that it cannot take in, as on an authority that is down', async () => {
    const { coherence, runtime, asked } = scene({}, (authority) => ({
      confirm: async (of, cursor) => ({
        ...(await authority.confirm(of, cursor)),
        since: Number.MAX_SAFE_INTEGER,
      }),
    }));
    await expect(coherence.check(acme, runtime)).rejects.toMatchObject({
      code: 'authority_unavailable',
      tier: 'isolate',
      retryable: true,
    });
    expect(asked).toEqual(['read', 'confirm', 'confirm', 'confirm']);
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
