import { fileURLToPath } from 'node:url';
import { startOwnedProcess } from '../launcher/owned-process.ts';
import { FootprintFailed } from './failure.ts';
import type { OriginMessage } from './origin-process.ts';

/** What the origin made of one body. */
export interface Made {
  readonly bytes: number;
  readonly sha256: string;
  /** Whether all of it was taken. */
  readonly all: boolean;
}

export interface BodyOrigin {
  readonly url: string;
  /** When the first byte of the body at this path was handed to the system, in ns of the monotonic clock. */
  firstByteAt(path: string): Promise<bigint>;
  /** Resolves when the body at this path has come to its end, or its reader has gone. */
  made(path: string): Promise<Made>;
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL('origin-process.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const WAIT_MS = 30_000;

/** Starts it in a process of its own, on a free port of 127.0.0.1. What is waited for and does not come is a {@link FootprintFailed}. */
export async function startBodyOrigin(): Promise<BodyOrigin> {
  const url = Promise.withResolvers<string>();
  const first = new Slots<bigint>();
  const made = new Slots<Made>();
  const child = startOwnedProcess({
    script,
    cwd: root,
    onMessage(received) {
      const message = received as OriginMessage;
      if ('url' in message) url.resolve(message.url);
      else if ('firstByteAt' in message)
        first.at(message.path).resolve(BigInt(message.firstByteAt));
      else
        made
          .at(message.path)
          .resolve({ bytes: message.made, sha256: message.sha256, all: message.all });
    },
  });
  const died = child.died.then((reason): never => {
    throw new FootprintFailed(`The origin ended: ${reason}`);
  });
  // Whoever waits is told.
  died.catch(() => undefined);
  async function within<Value>(value: Promise<Value>, what: string): Promise<Value> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new FootprintFailed(`${what} within ${WAIT_MS / 1000} s.`)),
      WAIT_MS,
    );
    try {
      return await Promise.race([value, died, late]);
    } finally {
      clearTimeout(timer);
    }
  }
  try {
    return {
      url: await within(url.promise, 'The origin did not start'),
      firstByteAt: (path) => within(first.at(path).promise, `The origin sent no byte of ${path}`),
      made: (path) => within(made.at(path).promise, `The origin did not end ${path}`),
      stop: () => child.stop(),
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** A promise for each path, which may be asked for before or after it is settled. */
class Slots<Value> {
  readonly #slots = new Map<string, PromiseWithResolvers<Value>>();

  at(path: string): PromiseWithResolvers<Value> {
    const slot = this.#slots.get(path) ?? Promise.withResolvers<Value>();
    this.#slots.set(path, slot);
    return slot;
  }
}
