import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKept } from '../../dev/fuzz/kept.ts';
import { replay } from '../../dev/fuzz/replay.ts';
import { shown } from '../../dev/fuzz/request.ts';
import { runFuzz } from '../../dev/fuzz/run.ts';
import { summary } from '../../dev/fuzz/summary.ts';
import { type FuzzTarget, startFuzzTarget } from '../../dev/fuzz/target.ts';

const folder = fileURLToPath(new URL('../fuzz/kept/', import.meta.url));
const kept = readdirSync(folder).filter((name) => name.endsWith('.json'));

let target: FuzzTarget;
beforeAll(async () => {
  target = await startFuzzTarget('auto');
});
afterAll(() => target.stop());

test('5,000 hostile requests find nothing wrong', { timeout: 300_000 }, async ({ annotate }) => {
  const result = await runFuzz(target, {
    requests: 5000,
    seed: 1,
    sockets: 12,
    heapMb: 64,
    residentMb: 256,
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  await annotate(summary(result));
  expect(
    result.violations
      .slice(0, 5)
      .map(({ invariant, detail, requests }) => [
        invariant,
        detail,
        ...requests.slice(-3).map(shown),
      ]),
  ).toEqual([]);
  expect(result.violationCount).toBe(0);
  // It has been where it matters.
  expect(result.cache['hit']).toBeGreaterThan(300);
  expect(result.cache['stored']).toBeGreaterThan(300);
  for (const status of ['200', '304', '206', '400', '404', '405', '500', '502'])
    expect({ status, seen: (result.statuses[status] ?? 0) > 0 }).toEqual({ status, seen: true });
});

describe('a case that failed once', () => {
  test.for(kept)('%s', { timeout: 60_000 }, async (name) => {
    const { requests } = readKept(`${folder}${name}`);
    const found = await replay(target, requests);
    expect(found.map(({ invariant, detail }) => `${invariant}: ${detail}`)).toEqual([]);
  });
});
