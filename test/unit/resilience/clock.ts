import { manualRuntime, type ManualRuntime } from '../support/runtime.ts';

export interface TestClock extends ManualRuntime {
  /** What the next draw is. 0: a breaker that opens stays open for its whole time. */
  chance: number;
  /** While true, whoever sleeps sleeps for ever: timers of Workers end with the request that set them. */
  vanishing: boolean;
}

/** A clock that a test moves. */
export function testClock(): TestClock {
  const runtime = manualRuntime();
  const clock: TestClock = {
    ...runtime,
    chance: 0,
    vanishing: false,
    random: () => clock.chance,
    sleep: (ms) => (clock.vanishing ? never() : runtime.sleep(ms)),
  };
  return clock;
}

/** Work that never ends. */
export const never = (): Promise<never> => new Promise(() => undefined);
