import type { Counter } from '../counts.ts';
import { type Faults, parseFault } from '../faults.ts';
import { uncached } from '../responses.ts';
import type { Route } from '../router.ts';

/** Everything under this path is for tests: it is never counted and never meets a fault. */
export const controlPrefix = '/_/';

export function controlRoutes(counter: Counter, faults: Faults): Route[] {
  const showFaults = () => uncached({ faults: faults.list() });
  return [
    {
      path: '/_/counts',
      on: {
        GET: () => uncached(counter.read()),
        DELETE() {
          counter.reset();
          return uncached(counter.read());
        },
      },
    },
    {
      path: '/_/faults',
      on: {
        GET: showFaults,
        async POST({ readJson }) {
          faults.set(parseFault(await readJson()));
          return showFaults();
        },
        DELETE() {
          faults.clear();
          return showFaults();
        },
      },
    },
  ];
}
