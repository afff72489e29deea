/** How often requests reached the origin, so that a test can prove that a cache did not ask it. */
export interface Counts {
  readonly requests: number;
  /** How many of them were answered 304. */
  readonly notModified: number;
  /** Path and query exactly as they were sent, then method. */
  readonly byPath: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly events: Readonly<Record<string, number>>;
}

export interface Counter {
  request(target: string, method: string): void;
  notModified(): void;
  event(type: string): void;
  read(): Counts;
  reset(): void;
}

/** Targets counted one by one; under load with ever new ones the rest is counted together. */
const maxTargets = 50_000;
const otherTargets = '(other)';

export function createCounter(): Counter {
  let requests = 0;
  let notModified = 0;
  const byPath = new Map<string, Map<string, number>>();
  const events = new Map<string, number>();
  return {
    request(target, method) {
      requests += 1;
      const name = byPath.has(target) || byPath.size < maxTargets ? target : otherTargets;
      const methods = byPath.get(name) ?? new Map<string, number>();
      byPath.set(name, methods);
      increment(methods, method);
    },
    notModified() {
      notModified += 1;
    },
    event(type) {
      increment(events, type);
    },
    read: () => ({
      requests,
      notModified,
      byPath: Object.fromEntries(
        [...byPath].map(([target, methods]) => [target, Object.fromEntries(methods)]),
      ),
      events: Object.fromEntries(events),
    }),
    reset() {
      requests = 0;
      notModified = 0;
      byPath.clear();
      events.clear();
    },
  };
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
