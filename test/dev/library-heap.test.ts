import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startLibraryFixture,
  type LibraryFixture,
  type LibraryProcess,
} from './library-fixture.ts';
import { inspect } from './library-inspector.ts';

const BUDGET = 16 * 1_048_576;
/** So many times the budget is put into the cache. */
const OVERFILL = 2.5;
/** What the smallest entry is counted at, at least: decides how many fill the budget. */
const LEAST_COUNTED = 1000;
const BATCH_BYTES = 1_500_000;

let fixture: LibraryFixture;
beforeAll(async () => {
  fixture = await startLibraryFixture();
});
afterAll(() => fixture.stop());

interface Measured {
  /** Growth of heap and array buffers over the empty cache, per byte of the budget. */
  readonly ofBudget: number;
  /** The same per byte that the cache counts. */
  readonly ofCounted: number;
}

interface Memory {
  readonly bytes: number;
  readonly entries: number;
}

async function inBatches(
  kind: string,
  bytes: number,
  step: (query: string) => Promise<void>,
): Promise<void> {
  const total = Math.ceil((OVERFILL * BUDGET) / Math.max(bytes, LEAST_COUNTED));
  const batch = Math.max(1, Math.min(250, Math.floor(BATCH_BYTES / bytes)));
  for (let from = 0; from < total; from += batch)
    await step(`kind=${kind}&bytes=${bytes}&from=${from}&count=${Math.min(batch, total - from)}`);
}

/** Fills the memory of a process far beyond its budget, by `how`, and measures what it holds then. */
async function measured(
  process: LibraryProcess,
  how: (process: LibraryProcess) => Promise<void>,
): Promise<Measured & Memory> {
  if (process.inspector === undefined) throw new Error('The process has no inspector.');
  const inspector = await inspect(process.inspector, 'library', () => process.ask('/ready'));
  try {
    await process.ask('/fill?kind=text&bytes=10&from=0&count=2');
    await process.ask('/read?kind=text&from=0&count=2');
    const empty = await inspector.measure();
    await how(process);
    const { memory } = (await process.ask('/read?kind=none&from=0&count=1')) as { memory: Memory };
    const full = await inspector.measure();
    const growth = full.used - empty.used + full.buffers - empty.buffers;
    return { ...memory, ofBudget: growth / BUDGET, ofCounted: growth / memory.bytes };
  } finally {
    inspector.close();
  }
}

const sizes = [100, 10_000, 500_000];
const kinds = ['text', 'wide', 'object', 'rows', 'numbers', 'rich', 'binary'];
const cases = kinds.flatMap((kind) => sizes.map((bytes) => [kind, bytes] as const));

const report = (what: string, { ofBudget, ofCounted, bytes, entries }: Measured & Memory): void => {
  console.log(
    `${what}: ${ofBudget.toFixed(2)} of the budget, ${ofCounted.toFixed(2)} of the ${bytes} counted bytes, ${entries} entries`,
  );
};

describe('the measured heap of a full memory tier is at most 1.5 times its budget', () => {
  test.each(cases)('without Redis: %s of %i bytes', { timeout: 60_000 }, async (kind, bytes) => {
    const process = await fixture.start({ redis: false, inspector: true });
    try {
      const heap = await measured(process, () =>
        inBatches(kind, bytes, async (query) => void (await process.ask(`/fill?${query}`))),
      );
      report(`without Redis, ${kind} of ${bytes}`, heap);
      expect(heap.bytes).toBeLessThanOrEqual(BUDGET);
      expect(heap.ofBudget).toBeLessThanOrEqual(1.5);
    } finally {
      await process.stop();
    }
  });

  test.each(cases)(
    'with Redis, set and read by another: %s of %i bytes',
    { timeout: 60_000 },
    async (kind, bytes) => {
      await fixture.command('FLUSHALL');
      const writer = await fixture.start({ inspector: true });
      const reader = await fixture.start({ inspector: true });
      try {
        const written = await measured(writer, () =>
          inBatches(kind, bytes, async (query) => void (await writer.ask(`/fill?${query}`))),
        );
        report(`with Redis, set, ${kind} of ${bytes}`, written);
        const read = await measured(reader, () =>
          inBatches(kind, bytes, async (query) => void (await reader.ask(`/read?${query}`))),
        );
        report(`with Redis, read, ${kind} of ${bytes}`, read);
        for (const heap of [written, read]) {
          expect(heap.bytes).toBeLessThanOrEqual(BUDGET);
          expect(heap.ofBudget).toBeLessThanOrEqual(1.5);
        }
      } finally {
        await writer.stop();
        await reader.stop();
      }
    },
  );
});
