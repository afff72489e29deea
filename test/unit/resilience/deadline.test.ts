import { describe, expect, test } from 'vitest';
import { withDeadline } from '../../../src/resilience/deadline.ts';
import { manualRuntime, turn } from '../support/runtime.ts';

describe('work with a deadline', () => {
  test('that ends in time is answered, also with undefined', async () => {
    const runtime = manualRuntime();
    expect(await withDeadline(Promise.resolve('answer'), 100, runtime)).toBe('answer');
    expect(await withDeadline(Promise.resolve(undefined), 100, runtime)).toBeUndefined();
  });

  test('that is done already is answered as it is: a tier inside the isolate returns no promise', async () => {
    const runtime = manualRuntime();
    expect(await withDeadline('answer', 100, runtime)).toBe('answer');
    expect(await withDeadline(undefined, 100, runtime)).toBeUndefined();
    const none: void | Promise<void> = undefined;
    expect(await withDeadline(none, 0, runtime)).toBeUndefined();
  });

  test('that was answered in time stays so when its time has passed', async () => {
    const runtime = manualRuntime();
    const work = withDeadline(Promise.resolve('answer'), 100, runtime);
    await turn();
    await runtime.advance(1000);
    expect(await work).toBe('answer');
  });

  test('that fails in time fails', async () => {
    const work = withDeadline(Promise.reject(new Error('gone')), 100, manualRuntime());
    await expect(work).rejects.toThrow('gone');
  });

  test('that does not end in time is given up, and may be asked again', async () => {
    const runtime = manualRuntime();
    let ended = false;
    const work = withDeadline(new Promise(() => undefined), 100, runtime);
    void work.catch(() => (ended = true));
    await runtime.advance(99);
    expect(ended).toBe(false);
    await runtime.advance(1);
    await expect(work).rejects.toMatchObject({
      code: 'deadline_exceeded',
      retryable: true,
      message: 'No answer within 100 ms.',
    });
  });

  test('that fails after it was given up disturbs nobody', async () => {
    const runtime = manualRuntime();
    const { promise, reject } = Promise.withResolvers<string>();
    const work = withDeadline(promise, 100, runtime);
    const outcome = Promise.allSettled([work]);
    await runtime.advance(100);
    reject(new Error('late'));
    expect(await outcome).toMatchObject([{ status: 'rejected' }]);
  });

  test('leaves no timer behind once it has ended', async () => {
    const left = new Set<AbortSignal | undefined>();
    const runtime = {
      sleep: (_: number, signal?: AbortSignal): Promise<void> => {
        left.add(signal);
        signal?.addEventListener('abort', () => left.delete(signal));
        return new Promise(() => undefined);
      },
    };
    await withDeadline(Promise.resolve('answer'), 100, runtime);
    await withDeadline(Promise.reject(new Error('gone')), 100, runtime).catch(() => undefined);
    await withDeadline('at once', 100, runtime);
    expect(left.size).toBe(0);
  });
});
