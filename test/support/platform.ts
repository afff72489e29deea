import { vi } from 'vitest';

/** Stands for the data centre that a request lands in: each has a Cache API of its own. */
export interface DataCentres {
  /** From now on the Cache API is that of this data centre; a name that was not used before is empty. */
  enter(name: string): void;
  leave(): void;
}

/** Takes over which cache `caches.open` gives; the caches themselves are the platform's. */
export function dataCentres(): DataCentres {
  const open = caches.open.bind(caches);
  let current = crypto.randomUUID();
  const spy = vi.spyOn(caches, 'open').mockImplementation((name) => open(`${current}-${name}`));
  const run = current;
  return {
    enter: (name) => void (current = `${run}-${name}`),
    leave: () => spy.mockRestore(),
  };
}

/** A clock that a test moves. Only `Date` is replaced: timers, Redis and the Cache API keep the real time. */
export interface Clock {
  advance(ms: number): void;
  restore(): void;
}

export function takeClock(): Clock {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  return {
    advance: (ms) => void vi.setSystemTime(Date.now() + ms),
    restore: () => void vi.useRealTimers(),
  };
}
