import { expect, vi } from 'vitest';
import { Flights } from '../../src/engine/flights.ts';
import type { Answer, Isolate } from '../support/deployment.ts';
import type { TestOrigin } from '../support/origin.ts';

/** How many ask at once. */
export const BURST = 100;
const WITHIN = { timeout: 15_000, interval: 20 };

type Fields = Record<string, string>;
export type Pairs = readonly (readonly [string, string])[];

let number = 0;
/** A path that no other test uses. */
export const nextPath = (): string => `/collapse/${(number += 1)}`;

/** So many GETs at once: each with the fields of its number. */
export function burst(
  isolate: Isolate,
  path: string,
  headers: (at: number) => Fields = () => ({}),
  count = BURST,
): Promise<readonly Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => isolate.get(path, headers(at))));
}

/** Resolves when so many requests have reached the origin. */
export async function arrived(origin: TestOrigin, path: string, count: number): Promise<void> {
  await expect.poll(() => origin.count(path), WITHIN).toBe(count);
}

/**
 * A burst that meets an origin which answers nobody before all are there who would be: first the one that leads, then
 * `second` others. Ends with the answers; a second wave that came one by one would never be complete.
 */
export async function burstInWaves(
  isolate: Isolate,
  origin: TestOrigin,
  path: string,
  second: number,
  headers?: (at: number) => Fields,
): Promise<readonly Answer[]> {
  const before = await origin.count(path);
  await origin.hold(path);
  const answers = burst(isolate, path, headers);
  await arrived(origin, path, before + 1);
  if (second > 0) {
    await origin.pass(path, 1);
    await arrived(origin, path, before + 1 + second);
  }
  await origin.release(path);
  const all = await answers;
  // Whoever asked late has not asked the origin for itself.
  expect(await origin.count(path)).toBe(before + 1 + second);
  return all;
}

/** How many answers have each text. */
export function tally(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { text } of answers) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

/** Begins a burst while a request for the same is under way, and resolves when all of it has met that request. */
export async function waiting(
  isolate: Isolate,
  path: string,
  count = BURST,
): Promise<{ readonly answers: Promise<readonly Answer[]> }> {
  // Each looks for it once, just before it waits: no answer tells that from outside.
  const looks = vi.spyOn(Flights.prototype, 'get');
  try {
    const answers = burst(isolate, path, undefined, count);
    await expect.poll(() => looks.mock.calls.length, WITHIN).toBeGreaterThanOrEqual(count);
    return { answers };
  } finally {
    looks.mockRestore();
  }
}
