import { onTestFinished, vi } from 'vitest';

/** A load that a test holds, as a slow source does. */
export interface HeldLoad<Value> {
  /** The loader. Each call waits until the load is released. */
  readonly load: () => Promise<Value>;
  /** Resolves when the loader has been called. */
  readonly begun: Promise<void>;
  release(value: Value): void;
  fail(error: Error): void;
}

/** Makes a loader that answers when the test says so. */
export function heldLoad<Value>(): HeldLoad<Value> {
  const { promise: answer, resolve: release, reject: fail } = Promise.withResolvers<Value>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  return {
    load: () => {
      begin();
      return answer;
    },
    begun,
    release,
    fail,
  };
}

/** A request that a test holds. */
export interface HeldRequest {
  /** Resolves when it is held: on its way there before the server has it, on its way back after the server has carried it out. */
  readonly held: Promise<void>;
  release(): void;
}

/**
 * Holds the next request to this address whose body has this text, until it is released or the test ends. All others
 * pass. `there`: before it is sent; `back`: its answer is held.
 */
export function holdNext(url: string, text: string, way: 'there' | 'back'): HeldRequest {
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const send = globalThis.fetch.bind(globalThis);
  let waits = true;
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const isIt =
      waits &&
      typeof input === 'string' &&
      input.startsWith(url) &&
      typeof init?.body === 'string' &&
      init.body.toUpperCase().includes(text);
    if (!isIt) return send(input, init);
    waits = false;
    if (way === 'there') {
      hold();
      await released;
      return send(input, init);
    }
    const answer = await send(input, init);
    hold();
    await released;
    return answer;
  });
  onTestFinished(() => {
    release();
    spy.mockRestore();
  });
  return { held, release };
}
