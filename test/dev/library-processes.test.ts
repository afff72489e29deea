import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startLibraryFixture,
  type LibraryFixture,
  type LibraryProcess,
} from './library-fixture.ts';

const PROCESSES = 4;
const LOAD_MS = 300;

let fixture: LibraryFixture;
let processes: readonly LibraryProcess[];
beforeAll(async () => {
  fixture = await startLibraryFixture();
  fixture.origin.delayMs = LOAD_MS;
  processes = await Promise.all(Array.from({ length: PROCESSES }, () => fixture.start()));
  await warmUp();
});
afterAll(async () => {
  await Promise.all(processes.map((process) => process.stop()));
  await fixture.stop();
});

/** Compiles what the first request of a process compiles, and makes the tenant's ledger. */
async function warmUp(): Promise<void> {
  for (const process of processes) await process.ask('/get?namespace=leased&key=warm-up');
}

/** All processes at once, each with so many callers. Answers what each has got. */
function askAll(namespace: string, key: string, times: number): Promise<unknown[]> {
  const path = `/get?namespace=${namespace}&key=${key}&times=${times}`;
  return Promise.all(processes.map((process) => process.ask(path, AbortSignal.timeout(15_000))));
}

describe('four processes that ask for one cold key at once', () => {
  test.each([1, 2, 3, 4, 5, 6])(
    'with leases: one load for all of them (key %i)',
    async (number) => {
      const key = `leased-${number}`;
      const answers = await askAll('leased', key, 1);
      expect(answers).toEqual(processes.map(() => [`/${key} 1`]));
      expect(fixture.origin.count(`/${key}`)).toBe(1);
    },
  );

  test('with leases, and a hundred callers in each: one load for all of them', async () => {
    const answers = await askAll('leased', 'many', 100);
    expect(answers).toEqual(processes.map(() => ['/many 1']));
    expect(fixture.origin.count('/many')).toBe(1);
  });

  test.each([1, 2, 3])('without: one load for each of them at most (key %i)', async (number) => {
    const key = `plain-${number}`;
    const answers = await askAll('values', key, 20);
    expect(answers.map((answer) => (answer as unknown[]).length)).toEqual(processes.map(() => 1));
    expect(fixture.origin.count(`/${key}`)).toBeLessThanOrEqual(PROCESSES);
    // What the leases are for: without them they do load at the same time.
    expect(fixture.origin.count(`/${key}`)).toBeGreaterThan(1);
  });

  test('a process that comes later finds what they have stored', async () => {
    await askAll('leased', 'stored', 1);
    const late = await fixture.start();
    try {
      expect(await late.ask('/get?namespace=leased&key=stored')).toEqual(['/stored 1']);
    } finally {
      await late.stop();
    }
    expect(fixture.origin.count('/stored')).toBe(1);
  });
});

describe('a thousand callers in twenty requests to one process', () => {
  test.each(['values', 'leased'])('are one load (%s)', async (namespace) => {
    const process = await fixture.start();
    try {
      await process.ask(`/get?namespace=${namespace}&key=warm-up`);
      const path = `/get?namespace=${namespace}&key=thousand-${namespace}&times=50`;
      const answers = await Promise.all(Array.from({ length: 20 }, () => process.ask(path)));
      expect.soft(new Set(answers.flat())).toEqual(new Set([`/thousand-${namespace} 1`]));
      expect(fixture.origin.count(`/thousand-${namespace}`)).toBe(1);
    } finally {
      await process.stop();
    }
  });
});

describe('a process that dies while it holds the lease', () => {
  test('is waited for no longer than the lease lasts', async () => {
    const cache = { leaseMs: 5000, leaseWait: 1500, hardTimeout: 5000 };
    const [dying, other] = await Promise.all([fixture.start({ cache }), fixture.start({ cache })]);
    fixture.origin.delayMs = 1000;
    try {
      await other.ask('/get?key=warm-up');
      const left = dying.ask('/get?namespace=leased&key=dying').catch(() => undefined);
      await expect.poll(() => fixture.origin.count('/dying'), { timeout: 10_000 }).toBe(1);
      await dying.stop();
      await left;
      const started = performance.now();
      const answer = await other.ask(
        '/get?namespace=leased&key=dying',
        AbortSignal.timeout(15_000),
      );
      expect(answer).toEqual(['/dying 2']);
      expect(performance.now() - started).toBeLessThan(8000);
    } finally {
      fixture.origin.delayMs = LOAD_MS;
      await other.stop();
    }
  });
});
