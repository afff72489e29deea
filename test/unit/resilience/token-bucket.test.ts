import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket, TokenBuckets } from '../../../src/resilience/token-bucket.ts';

const START = Date.UTC(2026, 7, 1);
/** What additions of fractions may be off by. */
const ROUNDING = 1e-6;

const rates = fc.oneof(
  fc.constantFrom(0.1, 0.25, 0.5, 1, 3, 10, 100),
  fc.integer({ min: 1, max: 5000 }),
  fc.double({ min: 0.01, max: 1000, noNaN: true }),
);

/** How many of `count` were let through. */
function taken(bucket: TokenBucket, count: number, now: number): number {
  let through = 0;
  for (let at = 0; at < count; at += 1) if (bucket.take(now)) through += 1;
  return through;
}

describe('a token bucket', () => {
  test('never lets through more than rate * t and its capacity, in any stretch of time', () => {
    const steps = fc.array(
      fc.record({ ms: fc.integer({ min: 0, max: 4000 }), asks: fc.integer({ min: 0, max: 300 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(rates, steps, (rate, plan) => {
        const bucket = new TokenBucket(rate, START);
        let now = START;
        const log = plan.map(({ ms, asks }) => {
          now += ms;
          return { now, through: taken(bucket, asks, now) };
        });
        log.forEach((first, from) => {
          let sum = 0;
          for (const { now: at, through } of log.slice(from)) {
            sum += through;
            const most = bucket.capacity + (rate * (at - first.now)) / 1000;
            expect(sum).toBeLessThanOrEqual(most + ROUNDING);
          }
        });
      }),
    );
  });

  test('times of overlapping requests, in any order, bring no more than the latest of them', () => {
    const steps = fc.array(
      fc.record({
        ms: fc.integer({ min: 0, max: 500 }),
        behind: fc.integer({ min: 0, max: 5000 }),
      }),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(rates, steps, (rate, plan) => {
        const bucket = new TokenBucket(rate, START);
        let latest = START;
        let through = 0;
        for (const { ms, behind } of plan) {
          latest += ms;
          through += taken(bucket, 20, latest) + taken(bucket, 20, latest - behind);
        }
        const most = bucket.capacity + (rate * (latest - START)) / 1000;
        expect(through).toBeLessThanOrEqual(most + ROUNDING);
      }),
    );
  });

  test('a clock that jumps brings no more than what it goes forward by, and a full bucket at once', () => {
    const steps = fc.array(fc.integer({ min: -1e7, max: 1e7 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(rates, steps, (rate, plan) => {
        const bucket = new TokenBucket(rate, START);
        const asks = Math.ceil(bucket.capacity) + 1;
        let now = START;
        let forward = 0;
        let through = taken(bucket, asks, now);
        for (const ms of plan) {
          now += ms;
          forward += Math.max(0, ms);
          const one = taken(bucket, asks, now);
          expect(one).toBeLessThanOrEqual(bucket.capacity);
          through += one;
        }
        expect(through).toBeLessThanOrEqual(bucket.capacity + (rate * forward) / 1000 + ROUNDING);
      }),
    );
  });

  test('gives all of it to who asks for no more than the rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (rate) => {
        const bucket = new TokenBucket(rate, START);
        for (let second = 0; second < 20; second += 1)
          expect(taken(bucket, rate, START + second * 1000)).toBe(rate);
      }),
    );
  });

  test('at a clock that stands still gives two seconds’ worth, and nothing more', () => {
    const bucket = new TokenBucket(5, START);
    expect(taken(bucket, 100, START)).toBe(10);
    expect(taken(bucket, 100, START)).toBe(0);
  });

  test('a clock that was set back by an hour fills it again from there on', () => {
    const bucket = new TokenBucket(2, START);
    expect(taken(bucket, 10, START)).toBe(4);
    const back = START - 3_600_000;
    expect(taken(bucket, 10, back)).toBe(0);
    expect(taken(bucket, 10, back + 1000)).toBe(2);
  });

  test('one that is slower than one in two seconds lets one through at a time', () => {
    const bucket = new TokenBucket(0.1, START);
    expect(taken(bucket, 10, START)).toBe(1);
    expect(bucket.take(START + 9900)).toBe(false);
    expect(taken(bucket, 10, START + 10_001)).toBe(1);
  });

  test('a rate of nothing lets nothing through', () => {
    const bucket = new TokenBucket(0, START);
    expect(bucket.take(START)).toBe(false);
    expect(bucket.take(START + 1e9)).toBe(false);
  });
});

describe('buckets by name', () => {
  test('one that is empty says nothing of another', () => {
    const buckets = new TokenBuckets();
    expect(taken(buckets.of('one', 1, START), 10, START)).toBe(2);
    expect(buckets.of('one', 1, START).take(START)).toBe(false);
    expect(taken(buckets.of('other', 1, START), 10, START)).toBe(2);
  });

  test('another rate is another bucket', () => {
    const buckets = new TokenBuckets();
    expect(taken(buckets.of('one', 1, START), 10, START)).toBe(2);
    expect(taken(buckets.of('one', 3, START), 10, START)).toBe(6);
  });

  test('there are no more than so many: what was asked for longest ago gives way', () => {
    const buckets = new TokenBuckets(3);
    const empty = (name: string): number => taken(buckets.of(name, 1, START), 10, START);
    for (const name of ['a', 'b', 'c']) expect(empty(name)).toBe(2);
    expect(empty('a')).toBe(0);
    expect(empty('d')).toBe(2);
    expect(empty('a')).toBe(0);
    expect(empty('b')).toBe(2);
  });
});
