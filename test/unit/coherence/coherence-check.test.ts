import { describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { turn } from '../support/runtime.ts';
import { tenantId } from '../support/tenants.ts';
import { acme, down, scene } from './isolate.ts';

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

  test('that joined a poll which was too old shares the next one with all that did', async () => {
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
    await slow.runtime.advance(700);
    const joined = [1, 2, 3, 4].map(() => slow.coherence.check(acme, slow.runtime));
    await turn();
    expect(answers).toHaveLength(1);
    await slow.runtime.advance(300);
    answers[0]?.();
    await first;
    await turn();
    // One more for all four of them, and they wait for it.
    expect(slow.asked).toEqual(['read', 'read']);
    const sentAt = slow.runtime.now();
    await slow.runtime.advance(10);
    answers[1]?.();
    for (const view of await Promise.all(joined)) expect(view.checkedAt).toBe(sentAt);
    expect(slow.asked).toEqual(['read', 'read']);
  });

  test('that joined a poll which was too old is told when the next one fails', async () => {
    const answers: (() => void)[] = [];
    let failing = false;
    const slow = scene({}, (authority) => ({
      read: async (...args) => {
        if (failing) return down();
        await new Promise<void>((resolve) => answers.push(resolve));
        return authority.read(...args);
      },
    }));
    await slow.authority.confirm(acme, undefined);
    const first = slow.coherence.check(acme, slow.runtime);
    await turn();
    await slow.runtime.advance(700);
    const joined = [1, 2].map(() => slow.coherence.check(acme, slow.runtime));
    await turn();
    await slow.runtime.advance(300);
    failing = true;
    answers[0]?.();
    await first;
    for (const outcome of await Promise.allSettled(joined))
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'authority_unavailable' },
      });
    expect(slow.asked).toEqual(['read', 'read']);
  });

  test('after the clock was set back counts from the new time', async () => {
    const { coherence, runtime } = scene();
    await coherence.check(acme, runtime);
    await runtime.advance(-3_600_000);
    const view = await coherence.check(acme, runtime);
    expect(view.checkedAt).toBe(runtime.now());
    expect(coherence.isFresh(view, runtime.now())).toBe(true);
  });

  test('does not join a poll that was sent before the clock was set back', async () => {
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
    await slow.runtime.advance(-1000);
    const second = slow.coherence.check(acme, slow.runtime);
    await turn();
    expect(answers).toHaveLength(2);
    for (const answer of answers) answer();
    await Promise.all([first, second]);
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
