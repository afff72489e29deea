import { describe, expect, test } from 'vitest';
import type { Once } from '../../../src/authority/authority.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { applyEvents, type Invalidation } from '../../../src/invalidation/apply.ts';
import { RuleBook } from '../../../src/invalidation/rules.ts';
import { tagTarget } from '../../../src/tenant/target.ts';
import { acme, isolate } from '../engine/isolate.ts';

const rules = new RuleBook();
rules.add('hard', (data) => ({ tags: [data] }));
rules.add('soft', (data) => ({ tags: [data], mode: 'soft' }));
rules.add('none', () => ({}));
rules.add('bad', () => {
  throw new Error('S3cret');
});
const invalidation: Invalidation = {
  rules,
  resolve: (output) => (output as { tags: string[] }).tags.map(tagTarget),
};
const event = (type: string, data: unknown = 'x') => ({ type, data });

/** An isolate that notes what was marked, and by which records; `refuse` says whose mark fails. */
function scene(refuse: (mode: string) => boolean = () => false) {
  const marks: { mode: string; targets: readonly string[]; once: Once | undefined }[] = [];
  const state = { refuse };
  const one = isolate({
    wrap: (authority) => ({
      mark: (tenant, targets, mode, cursor, once) => {
        if (state.refuse(mode)) return Promise.reject(new AuthorityUnavailable('down'));
        marks.push({ mode, targets, once });
        return authority.mark(tenant, targets, mode, cursor, once);
      },
    }),
  });
  const apply = (events: readonly { type: string; data?: unknown }[], message?: string) =>
    applyEvents(one.parts, acme, events, invalidation, message, one.runtime);
  return { ...one, marks, state, apply };
}

describe('a message', () => {
  test('marks once for each mode, hard first', async () => {
    const { apply, marks, events } = scene();
    const applied = await apply([event('soft', 'a'), event('hard', 'b'), event('hard', 'c')], 'm');
    expect(marks).toMatchObject([
      { mode: 'hard', targets: ['t:b', 't:c'], once: { ttlMs: 660_000 } },
      { mode: 'soft', targets: ['t:a'], once: { ttlMs: 660_000 } },
    ]);
    expect(applied).toMatchObject({
      repeated: false,
      coarsened: false,
      seq: expect.any(Number) as number,
    });
    expect(events).toContainEqual({
      type: 'domain_events',
      tenant: 'acme',
      applied: 3,
      unknown: 0,
      failed: 0,
      coarsened: false,
    });
  });

  test.each([['none'], ['unknown']])('that names nothing asks for nothing (%s)', async (type) => {
    const { apply, asked } = scene();
    expect(await apply([event(type)], 'm')).toMatchObject({ repeated: false, seq: undefined });
    expect(await apply([event(type)], 'm')).toMatchObject({ repeated: false });
    expect(asked).toEqual([]);
  });

  test('that is repeated is told as such, and counted as nothing else', async () => {
    const { apply, events } = scene();
    await apply([event('hard'), event('soft', 'y')], 'm');
    const before = events.length;
    expect(await apply([event('hard'), event('soft', 'y')], 'm')).toMatchObject({
      repeated: true,
      outcomes: [
        { type: 'hard', outcome: 'applied', targets: 1 },
        { type: 'soft', outcome: 'applied', targets: 1 },
      ],
    });
    expect(events.slice(before).map(({ type }) => type)).toEqual(['message_repeated']);
    expect(await apply([event('hard')], 'n')).toMatchObject({ repeated: false });
  });

  test('without a name is never repeated', async () => {
    const { apply, marks } = scene();
    for (let at = 0; at < 2; at += 1)
      expect(await apply([event('hard')])).toMatchObject({ repeated: false });
    expect(marks.map(({ once }) => once)).toEqual([undefined, undefined]);
  });

  test('with a failed event marks, and is not remembered', async () => {
    const { apply, marks, events } = scene();
    for (let at = 0; at < 2; at += 1)
      expect(await apply([event('bad'), event('hard')], 'm')).toMatchObject({
        repeated: false,
        outcomes: [{ outcome: 'failed' }, { outcome: 'applied' }],
      });
    expect(marks.map(({ once }) => once)).toEqual([undefined, undefined]);
    expect(events).toContainEqual({
      type: 'rule_failed',
      tenant: 'acme',
      code: 'threw',
      message: 'A rule threw: Error.',
    });
  });

  test('is remembered by itself, its mode and its targets', async () => {
    const { apply, marks } = scene();
    await apply([event('hard', 'a')], 'm');
    await apply([event('hard', 'b')], 'm');
    await apply([event('soft', 'a')], 'm');
    await apply([event('hard', 'a')], 'n');
    await apply([event('unknown'), event('hard', 'a')], 'm');
    const ids = marks.map(({ once }) => once?.id);
    expect(new Set(ids.slice(0, 4)).size).toBe(4);
    expect(ids[4]).toBe(ids[0]);
    for (const id of ids) expect(id).toMatch(/^event:(hard|soft):[0-9a-f]{64}$/);
  });

  test('whose second mark is not acknowledged rejects; sent again it marks what is missing', async () => {
    const { apply, marks, state, events } = scene((mode) => mode === 'soft');
    const message = [event('hard', 'a'), event('soft', 'b')];
    await expect(apply(message, 'm')).rejects.toThrow(AuthorityUnavailable);
    expect(events.map(({ type }) => type)).not.toContain('domain_events');
    state.refuse = () => false;
    expect(await apply(message, 'm')).toMatchObject({
      repeated: false,
      outcomes: [{ outcome: 'applied' }, { outcome: 'applied' }],
    });
    expect(marks.map(({ mode }) => mode)).toEqual(['hard', 'hard', 'soft']);
    expect(await apply(message, 'm')).toMatchObject({ repeated: true });
  });

  test('that is not acknowledged is not remembered', async () => {
    const { apply, state } = scene(() => true);
    await expect(apply([event('hard')], 'm')).rejects.toThrow(AuthorityUnavailable);
    state.refuse = () => false;
    expect(await apply([event('hard')], 'm')).toMatchObject({ repeated: false });
  });
});
