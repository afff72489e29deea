import { expect, test } from 'vitest';
import { OriginError } from '../../../src/errors.ts';
import { Backoff } from '../../../src/gateway/backoff.ts';

const KEY = 'key';
const LOOK_MS = 1000;
const error = new OriginError('origin_unreachable', 'The origin could not be reached.');

test('failures of clients refuse nobody, however many there are', () => {
  const backoff = new Backoff();
  for (let now = 0; now < 100_000; now += 500) {
    backoff.suspected(KEY, now, LOOK_MS);
    expect(backoff.refusal(KEY, now)).toBeUndefined();
    expect(backoff.isDown(KEY, now)).toBe(false);
  }
});

test('the second in a row is looked into, by one at a time, and again when that has taken too long', () => {
  const backoff = new Backoff();
  const looks = (now: number): boolean => backoff.suspected(KEY, now, LOOK_MS);
  expect([looks(0), looks(1), looks(2), looks(1000), looks(1001), looks(1002)]).toEqual([
    false,
    true,
    false,
    false,
    true,
    false,
  ]);
  expect(backoff.isLookedInto(KEY, 1500)).toBe(true);
  expect(backoff.isLookedInto('other', 1500)).toBe(false);
  backoff.answered(KEY);
  expect(backoff.isLookedInto(KEY, 1500)).toBe(false);
  expect([looks(1600), looks(1601)]).toEqual([false, true]);
});

test('two that are a minute apart have nothing to do with each other', () => {
  const backoff = new Backoff();
  expect(backoff.suspected(KEY, 0, LOOK_MS)).toBe(false);
  expect(backoff.suspected(KEY, 60_000, LOOK_MS)).toBe(false);
  expect(backoff.suspected(KEY, 119_999, LOOK_MS)).toBe(true);
});

test('a failure for everybody is a pause, in which nothing is looked into', () => {
  const backoff = new Backoff();
  backoff.suspected(KEY, 0, LOOK_MS);
  backoff.suspected(KEY, 0, LOOK_MS);
  backoff.failed(KEY, 10, error);
  expect(backoff.isLookedInto(KEY, 10)).toBe(false);
  expect(backoff.refusal(KEY, 10)).toEqual({ error, ms: 100 });
  expect(backoff.suspected(KEY, 109, LOOK_MS)).toBe(false);
  expect(backoff.refusal(KEY, 110)).toBeUndefined();
  expect(backoff.isDown(KEY, 110)).toBe(true);
  // One is enough now.
  expect(backoff.suspected(KEY, 110, LOOK_MS)).toBe(true);
  backoff.failed(KEY, 120, error);
  expect(backoff.refusal(KEY, 120)?.ms).toBe(200);
});

test('a clock that was set back makes nothing last', () => {
  const backoff = new Backoff();
  const late = 10_000_000;
  backoff.suspected(KEY, late, LOOK_MS);
  backoff.suspected(KEY, late, LOOK_MS);
  backoff.failed(KEY, late, error);
  expect(backoff.refusal(KEY, 0)).toBeUndefined();
  expect(backoff.isDown(KEY, 0)).toBe(false);
  expect(backoff.isLookedInto(KEY, 0)).toBe(false);
});

test('a look that could not be made decides nothing, and the next suspicion begins another at once', () => {
  const backoff = new Backoff();
  const looks = (now: number): boolean => backoff.suspected(KEY, now, LOOK_MS);
  expect([looks(0), looks(1)]).toEqual([false, true]);
  backoff.undecided(KEY);
  expect(backoff.isLookedInto(KEY, 2)).toBe(false);
  expect(backoff.isDown(KEY, 2)).toBe(false);
  expect(looks(2)).toBe(true);
  backoff.undecided('nobody asked');
  expect(backoff.isLookedInto('nobody asked', 2)).toBe(false);
});
