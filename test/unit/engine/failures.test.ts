import { expect, test } from 'vitest';
import { Failures } from '../../../src/engine/failures.ts';

test('a failure is recent for its window, and no longer', () => {
  const failures = new Failures();
  failures.record('k', 1000, 500);
  expect(failures.isRecent('k', 1000)).toBe(true);
  expect(failures.isRecent('k', 1499)).toBe(true);
  expect(failures.isRecent('k', 1500)).toBe(false);
  expect(failures.isRecent('other', 1000)).toBe(false);
});

test('another failure begins another window; a success ends it; a window of 0 is none', () => {
  const failures = new Failures();
  failures.record('k', 1000, 500);
  failures.record('k', 1400, 500);
  expect(failures.isRecent('k', 1899)).toBe(true);
  failures.clear('k');
  expect(failures.isRecent('k', 1500)).toBe(false);
  failures.record('k', 1000, 0);
  expect(failures.isRecent('k', 1000)).toBe(false);
});

test('a refusal is recent, and is no failure in whose place something stale is served', () => {
  const failures = new Failures();
  failures.record('k', 1000, 500, 'refused');
  expect(failures.isRecent('k', 1000)).toBe(true);
  expect(failures.isFailing('k', 1000)).toBe(false);
  failures.clear('k', 'failed');
  expect(failures.isRecent('k', 1000)).toBe(true);
  failures.record('k', 1100, 500);
  expect(failures.isFailing('k', 1599)).toBe(true);
  expect(failures.isFailing('k', 1600)).toBe(false);
  failures.clear('k', 'failed');
  expect(failures.isRecent('k', 1100)).toBe(false);
});

test('any number of failing keys takes a bounded memory: the oldest are forgotten', () => {
  const failures = new Failures();
  for (let at = 0; at < 20_000; at += 1) failures.record(`k${at}`, 0, 1000);
  expect(failures.isRecent('k0', 1)).toBe(false);
  expect(failures.isRecent('k19999', 1)).toBe(true);
});
