import { afterAll, afterEach, beforeEach } from 'vitest';
import { openEndpoint, type TestEndpoint } from './control.ts';
import { dataCentres, takeClock, type Clock, type DataCentres } from './platform.ts';

/** What every test of a file finds anew. */
export interface Stage {
  /** Data centres whose caches are empty when a test begins. */
  readonly centres: Pick<DataCentres, 'enter'>;
  /** A clock that shows the real time when a test begins. */
  readonly clock: Pick<Clock, 'advance'>;
}

/** Sets the stage for each test of a file, and clears it behind each. */
export function stage(): Stage {
  let centres: DataCentres | undefined;
  let clock: Clock | undefined;
  beforeEach(() => {
    centres = dataCentres();
    clock = takeClock();
  });
  afterEach(() => {
    clock?.restore();
    centres?.leave();
  });
  return {
    centres: { enter: (name) => centres?.enter(name) },
    clock: { advance: (ms) => clock?.advance(ms) },
  };
}

/** An endpoint of Redis for one file alone: its counters are nobody else's, and no fault outlives the test that made it. */
export async function endpointOfThisFile(): Promise<TestEndpoint> {
  const opened = openEndpoint();
  afterEach(async () => (await opened).clearFaults());
  afterAll(async () => (await opened).close());
  return opened;
}
