import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { planWarming } from '../../../src/warming/plan.ts';
import { tenant } from '../support/tenants.ts';

const warmed = (id: string, ...paths: string[]) =>
  tenant(id, { warm: { base: `https://${id}.example`, paths } });
const a = warmed('a', '/1', '/2', '/3');
const b = warmed('b', '/1');
const c = warmed('c', '/1', '/2');
const none = warmed('none');

const planned = (turn: number, ...tenants: Parameters<typeof planWarming>[0]): string[] =>
  planWarming(tenants, turn).map(({ tenant: { id }, path }) => id + path);

describe('the order of a warming run', () => {
  it.each([
    ['every tenant’s first path, then every tenant’s second', 0, 'a/1 b/1 c/1 a/2 c/2 a/3'],
    ['the next run begins at the next tenant', 1, 'b/1 c/1 a/1 c/2 a/2 a/3'],
    ['and the next at the next', 2, 'c/1 a/1 b/1 c/2 a/2 a/3'],
    ['and then again at the first', 3, 'a/1 b/1 c/1 a/2 c/2 a/3'],
    ['however often it has run', 29_759_040, 'a/1 b/1 c/1 a/2 c/2 a/3'],
  ])('%s', (_what, turn, order) => {
    expect(planned(turn, a, b, none, c)).toEqual(order.split(' '));
  });

  it.each([
    ['no tenants', []],
    ['none that has paths', [none]],
  ])('with %s there is nothing to do', (_what, tenants) => {
    expect(planned(0, ...tenants)).toEqual([]);
  });

  test('every path of every tenant is in it once, and each tenant’s in their own order', () => {
    const list = fc.array(fc.array(fc.webPath(), { maxLength: 5 }), { maxLength: 6 });
    fc.assert(
      fc.property(list, fc.nat(), (paths, turn) => {
        const tenants = paths.map((of, at) => warmed(`t${at}`, ...of));
        const plan = planWarming(tenants, turn);
        for (const one of tenants) {
          const own = plan.filter(({ tenant: { id } }) => id === one.id);
          expect(own.map(({ path }) => path)).toEqual(one.warm.paths);
        }
        expect(plan).toHaveLength(paths.flat().length);
      }),
    );
  });

  test('no tenant is more than one path ahead of another that still has one', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.array(fc.nat(6), { minLength: 1, maxLength: 5 }), fc.nat(), (counts, turn) => {
        const tenants = counts.map((count, at) =>
          warmed(`t${at}`, ...Array.from({ length: count }, (_, rank) => `/${rank}`)),
        );
        const done = new Map(tenants.map((one) => [one.id, 0]));
        for (const { tenant: one } of planWarming(tenants, turn)) {
          const before = done.get(one.id) ?? 0;
          for (const rival of tenants) {
            const behind = done.get(rival.id) ?? 0;
            if (behind < rival.warm.paths.length) expect(behind).toBeGreaterThanOrEqual(before);
          }
          done.set(one.id, before + 1);
        }
      }),
    );
  });
});
