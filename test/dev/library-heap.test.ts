import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startLibraryFixture,
  type LibraryFixture,
  type LibraryProcess,
} from './library-fixture.ts';
import { inspect } from '../../dev/footprint/heap.ts';

const BUDGET = 16 * 1_048_576;
const MOST_OF_BUDGET = 1.5;
/** So many times the budget is put into the cache. */
const OVERFILL = 2;
/** What the smallest entry is counted at, at least: decides how many fill the budget. */
const LEAST_COUNTED = 1200;
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
const casesOf = (...kinds: readonly string[]) =>
  kinds.flatMap((kind) => sizes.map((bytes) => [kind, bytes] as const));

/** In words: `vitest run --reporter=verbose` shows them. */
function figures(what: string, { ofBudget, ofCounted, bytes, entries }: Measured & Memory): string {
  return `${what}: ${ofBudget.toFixed(2)} of the budget, ${ofCounted.toFixed(2)} of the ${bytes} counted bytes, ${entries} entries`;
}

/** It is full, by its own count: a quarter of the budget is for views. */
function expectFull({ bytes }: Memory): void {
  expect(bytes).toBeLessThanOrEqual(BUDGET);
  expect(bytes).toBeGreaterThan(0.65 * BUDGET);
}

describe('the heap of a full memory is at most 1.5 times its budget', { timeout: 60_000 }, () => {
  test.for(casesOf('object', 'rows', 'numbers', 'rich', 'binary'))(
    'without Redis: %s of %i bytes',
    async ([kind, bytes], { annotate }) => {
      const process = await fixture.start({ redis: false, inspector: true });
      try {
        const heap = await measured(process, () =>
          inBatches(kind, bytes, async (query) => void (await process.ask(`/fill?${query}`))),
        );
        await annotate(figures('set', heap));
        expectFull(heap);
        expect(heap.ofBudget).toBeLessThanOrEqual(MOST_OF_BUDGET);
      } finally {
        await process.stop();
      }
    },
  );

  test.for(casesOf('object', 'binary'))(
    'with Redis, loaded by one process and read by another: %s of %i bytes',
    async ([kind, bytes], { annotate }) => {
      await fixture.command('FLUSHALL');
      const loader = await fixture.start({ inspector: true });
      const reader = await fixture.start({ inspector: true });
      try {
        const loaded = await measured(loader, () =>
          inBatches(
            kind,
            bytes,
            async (query) => void (await loader.ask(`/fill?how=load&${query}`)),
          ),
        );
        await annotate(figures('loaded', loaded));
        const read = await measured(reader, () =>
          inBatches(kind, bytes, async (query) => void (await reader.ask(`/read?${query}`))),
        );
        await annotate(figures('read', read));
        for (const heap of [loaded, read]) {
          expectFull(heap);
          expect(heap.ofBudget).toBeLessThanOrEqual(MOST_OF_BUDGET);
        }
      } finally {
        await loader.stop();
        await reader.stop();
      }
    },
  );
});
