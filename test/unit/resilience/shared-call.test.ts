import { describe, expect, it, test } from 'vitest';
import { SharedCalls } from '../../../src/resilience/shared-call.ts';
import { manualRuntime, turn } from '../support/runtime.ts';

/** A call whose end a test decides; `calls` are its runs. */
function controlled<T>() {
  const calls: { resolve: (value: T) => void; reject: (error: Error) => void }[] = [];
  return {
    calls,
    call: () => new Promise<T>((resolve, reject) => calls.push({ resolve, reject })),
  };
}

const PATIENCE = 100;

describe('a shared call', () => {
  test('is made once for all that ask at the same time, and they get the same answer', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const answers = [1, 2, 3].map(() => shared.run('a', call, runtime));
    await turn();
    expect(calls).toHaveLength(1);
    expect(shared.has('a')).toBe(true);
    calls[0]?.resolve('answer');
    expect(await Promise.all(answers)).toEqual(['answer', 'answer', 'answer']);
    await turn();
    expect(shared.has('a')).toBe(false);
  });

  test('is made again once it has ended', async () => {
    const runtime = manualRuntime();
    const shared = new SharedCalls<number>(PATIENCE);
    let made = 0;
    const call = (): Promise<number> => Promise.resolve((made += 1));
    expect(await shared.run('a', call, runtime)).toBe(1);
    await runtime.settle();
    expect(await shared.run('a', call, runtime)).toBe(2);
  });

  test('under another name is another call', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const answers = [shared.run('a', call, runtime), shared.run('b', call, runtime)];
    await turn();
    calls[0]?.resolve('of a');
    calls[1]?.resolve('of b');
    expect(await Promise.all(answers)).toEqual(['of a', 'of b']);
  });
});

describe('the leader', () => {
  test('holds the call with waitUntil, so that it ends also when its client goes away', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const answer = shared.run('a', call, runtime);
    expect(runtime.behind).toHaveLength(1);
    let held = true;
    void runtime.behind[0]?.then(() => (held = false));
    await turn();
    expect(held).toBe(true);
    calls[0]?.resolve('answer');
    await answer;
    await turn();
    expect(held).toBe(false);
  });

  test('that fails, fails its followers, and leaves nothing behind that rejects', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const answers = [shared.run('a', call, runtime), shared.run('a', call, runtime)];
    await turn();
    calls[0]?.reject(new Error('gone'));
    const outcomes = await Promise.allSettled(answers);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await Promise.allSettled(runtime.behind)).toMatchObject([{ status: 'fulfilled' }]);
    expect(shared.has('a')).toBe(false);
    expect(calls).toHaveLength(1);
  });

  test('whose call throws at once leaves no flight', async () => {
    const runtime = manualRuntime();
    const shared = new SharedCalls<string>(PATIENCE);
    const failing = (): Promise<string> => {
      throw new Error('at once');
    };
    await expect(shared.run('a', failing, runtime)).rejects.toThrow('at once');
    expect(shared.has('a')).toBe(false);
    expect(await shared.run('a', () => Promise.resolve('next'), runtime)).toBe('next');
  });

  test('is not held by a follower: nothing of a follower is in its waitUntil', async () => {
    const leading = manualRuntime();
    const following = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const answers = [shared.run('a', call, leading), shared.run('a', call, following)];
    await turn();
    expect(following.behind).toEqual([]);
    calls[0]?.resolve('answer');
    await Promise.all(answers);
  });
});

describe('a follower', () => {
  test('that loses patience makes the call itself, and is answered by that', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const leader = shared.run('a', call, runtime);
    const follower = shared.run('a', call, runtime);
    await runtime.advance(PATIENCE - 1);
    expect(calls).toHaveLength(1);
    await runtime.advance(1);
    expect(calls).toHaveLength(2);
    calls[1]?.resolve('own');
    expect(await follower).toBe('own');
    calls[0]?.resolve('late');
    expect(await leader).toBe('late');
  });

  test('that loses patience with others makes one call for all of them', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const leader = shared.run('a', call, runtime);
    const followers = [1, 2, 3].map(() => shared.run('a', call, runtime));
    await runtime.advance(PATIENCE);
    await turn();
    expect(calls).toHaveLength(2);
    calls[1]?.resolve('own');
    expect(await Promise.all(followers)).toEqual(['own', 'own', 'own']);
    calls[0]?.resolve('late');
    expect(await leader).toBe('late');
  });

  test('that has taken over leads: others join it, and the old leader’s end does not end its flight', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const leader = shared.run('a', call, runtime);
    const follower = shared.run('a', call, runtime);
    await runtime.advance(PATIENCE);
    calls[0]?.resolve('late');
    await leader;
    await turn();
    expect(shared.has('a')).toBe(true);
    const third = shared.run('a', call, runtime);
    await turn();
    expect(calls).toHaveLength(2);
    calls[1]?.resolve('own');
    expect(await Promise.all([follower, third])).toEqual(['own', 'own']);
  });

  test('whose leader fails after it lost patience is not disturbed by that', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const leader = shared.run('a', call, runtime);
    const follower = shared.run('a', call, runtime);
    await runtime.advance(PATIENCE);
    calls[0]?.reject(new Error('gone'));
    await expect(leader).rejects.toThrow('gone');
    calls[1]?.resolve('own');
    expect(await follower).toBe('own');
  });

  it.each([
    [true, 1],
    [false, 2],
  ])('joins when it may: %s', async (may, expected) => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const sentAt = runtime.now();
    const leader = shared.run('a', call, runtime);
    await runtime.advance(40);
    const asked: number[] = [];
    const follower = shared.run('a', call, runtime, (startedAt) => {
      asked.push(startedAt);
      return may;
    });
    await turn();
    expect(asked).toEqual([sentAt]);
    expect(calls).toHaveLength(expected);
    for (const { resolve } of calls) resolve('answer');
    await Promise.all([leader, follower]);
  });

  test('is told when the call began, not when it had begun to wait', async () => {
    const runtime = manualRuntime();
    const shared = new SharedCalls<string>(PATIENCE);
    const sentAt = runtime.now();
    const { calls, call } = controlled<string>();
    const leader = shared.run(
      'a',
      () => {
        // A call that works before it waits, on a clock that does not stand still.
        void runtime.advance(30);
        return call();
      },
      runtime,
    );
    const asked: number[] = [];
    const follower = shared.run('a', call, runtime, (startedAt) => asked.push(startedAt) > 0);
    await turn();
    calls[0]?.resolve('answer');
    await Promise.all([leader, follower]);
    expect(asked).toEqual([sentAt]);
  });
});

describe('a flight whose owner has vanished', () => {
  const MINUTE = 60_000;
  const never = (): Promise<string> => new Promise(() => undefined);

  test('is forgotten after a minute: who asks then does not wait for it', async () => {
    const runtime = manualRuntime();
    const shared = new SharedCalls<string>(PATIENCE);
    void shared.run('a', never, runtime);
    await runtime.advance(MINUTE);
    expect(await shared.run('a', () => Promise.resolve('own'), runtime)).toBe('own');
  });

  test('is forgotten also when nobody asks for its name again, and others are not', async () => {
    const runtime = manualRuntime();
    const { calls, call } = controlled<string>();
    const shared = new SharedCalls<string>(PATIENCE);
    const taken = shared.run('taken over', call, runtime);
    for (let at = 0; at < 100; at += 1) void shared.run(`gone ${at}`, never, runtime);
    await runtime.advance(MINUTE / 2);
    // Takes over at once: its flight began later than those above, and stays.
    const again = shared.run('taken over', call, runtime, () => false);
    await runtime.advance(MINUTE / 2 - 1);
    expect(shared.has('gone 0')).toBe(true);
    await runtime.advance(1);
    await shared.run('another', () => Promise.resolve('other'), runtime);
    expect(shared.has('gone 0')).toBe(false);
    expect(shared.has('gone 99')).toBe(false);
    expect(shared.has('taken over')).toBe(true);
    for (const { resolve } of calls) resolve('late');
    expect(await Promise.all([taken, again])).toEqual(['late', 'late']);
  });

  test('is in flight for nobody who says what time it is', async () => {
    const runtime = manualRuntime();
    const shared = new SharedCalls<string>(PATIENCE);
    void shared.run('a', never, runtime);
    await runtime.advance(MINUTE - 1);
    expect(shared.has('a', runtime.now())).toBe(true);
    await runtime.advance(1);
    expect(shared.has('a', runtime.now())).toBe(false);
  });
});
