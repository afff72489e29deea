import { describe, expect, test } from 'vitest';
import { torturePage } from '../../dev/torture/page.ts';
import { makeReport, percentiles, summary } from '../../dev/torture/report.ts';
import { value } from '../../dev/torture/subjects.ts';
import { Tally } from '../../dev/torture/tally.ts';

/** A run as it might have been. */
function report(mutant?: { readonly name: string; readonly caughtAfterMs: number | undefined }) {
  const tally = new Tally();
  const subject = value('acme', 'plain', ['s', '<b>']);
  const read = {
    actor: '0.0.busy',
    subject,
    begunAt: 7000,
    endedAt: 7010,
    load: 4,
    resource: subject.resource,
    serving: 'hit',
    flagged: false,
  } as const;
  for (const tier of ['memory', 'memory', 'regional', 'redis']) tally.read({ ...read, tier });
  tally.read({ ...read, tier: 'memory', flagged: true });
  tally.read({ ...read, tier: undefined, serving: 'loaded' });
  tally.purges.add('hard key', 3);
  tally.purges.add('everything');
  tally.note('acme', 'a purge');
  tally.note('other', 'of another tenant');
  const ending = { what: 'hard purge', begunAt: 5000, ackedAt: 5500 };
  tally.violated({
    kind: 'old',
    read: { ...read, tier: 'memory' },
    loadedAt: 4000,
    ending,
    ageMs: 1500,
  });
  return makeReport({
    tally,
    run: {
      seconds: 60,
      ranForMs: 61_000,
      processes: 4,
      seed: 1,
      faults: ['kill', 'cut'],
      coherenceMs: 1000,
      maxUnverifiedMs: 2500,
      redis: 'redis-server 7.2',
      startedAt: '2026-01-01T00:00:00.000Z',
    },
    faults: [{ kind: 'kill', fromMs: 100, toMs: 900, process: 1, detail: 'process 1 & more' }],
    propagation: [
      ...[30, 10, 20].map((ms) => ({ ms, faulty: false, own: false })),
      { ms: 1500, faulty: true, own: false },
      { ms: 1, faulty: false, own: true },
    ],
    propagationUnfinished: 2,
    lastOldMs: 812.34,
    clockAtStart: 1000,
    origin: { loads: 10, notModified: 2, failed: 1 },
    mutant,
  });
}

describe('the report', () => {
  test('counts reads, hits by tier, purges, faults by kind and violations', () => {
    expect(report()).toMatchObject({
      violations: 1,
      purges: 4,
      reads: 6,
      unverifiedReads: 1,
      hits: { memory: 3, regional: 1, redis: 1 },
      hitShares: { memory: 0.6, regional: 0.2, redis: 0.2 },
      faults: { kill: 1, cut: 0 },
      lastOldMs: 812.3,
      violationsByKind: { old: 1 },
    });
  });

  test('holds propagation without faults against the bound, and tells the rest apart', () => {
    const found = report();
    expect(found.propagationMs).toEqual({
      count: 3,
      p50: 20,
      p95: 30,
      p99: 30,
      max: 30,
      limit: 1100,
    });
    expect(found.propagationUnderFaultsMs).toMatchObject({ count: 1, max: 1500 });
    expect(found.propagationToSelfMs).toMatchObject({ count: 1, max: 1 });
    expect(found.propagationSamples).toEqual([10, 20, 30]);
  });

  test('keeps of a violation when it was and what had happened to its tenant', () => {
    const [violation] = report().violationDetails;
    expect(violation).toMatchObject({ kind: 'old', atMs: 6000, ageMs: 1500 });
    expect(violation?.trail).toEqual([expect.stringContaining('a purge')]);
  });

  test('is data: what is written is what is read', () => {
    const found = report();
    expect(JSON.parse(JSON.stringify(found))).toMatchObject({ violations: 1, reads: 6 });
  });

  test('is summed up in lines for a person', () => {
    const text = summary(report());
    expect(text).toContain('memory 3 (60 %), regional 1 (20 %), redis 1 (20 %)');
    expect(text).toContain('Faults          kill 1, cut 0');
    expect(text).toContain('p99 30 ms');
  });
});

test('percentiles are by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  expect(percentiles(hundred)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99, max: 100 });
  expect(percentiles([])).toMatchObject({ count: 0, p50: undefined, max: undefined });
});

describe('the page', () => {
  test('stands alone, with figures, distribution, faults and the first violation', () => {
    const page = torturePage(report());
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|<link|src=|href=|https?:\/\//);
    expect(page).toContain('1 violations');
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page.match(/class="fault"/g)).toHaveLength(1);
    expect(page.match(/class="wrong"/g)).toHaveLength(1);
    expect(page).toContain('process 1 &amp; more');
    expect(page).not.toContain('<b>');
  });

  test('says of a broken build whether it was caught', () => {
    const caught = torturePage(report({ name: 'floor-ignored', caughtAfterMs: 4200 }));
    expect(caught).toContain('The broken build floor-ignored was caught after 4.2 s.');
    const missed = torturePage(report({ name: 'floor-ignored', caughtAfterMs: undefined }));
    expect(missed).toContain('The broken build floor-ignored was not caught.');
  });
});
