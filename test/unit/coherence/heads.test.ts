import { describe, expect, test } from 'vitest';
import type { HeadsReply } from '../../../src/authority/authority.ts';
import { Heads } from '../../../src/coherence/heads.ts';
import { RecentTenants } from '../../../src/coherence/recent-tenants.ts';
import type { TenantId } from '../../../src/tenant/tenant-id.ts';
import { tenantId } from '../support/tenants.ts';

const [a, b, elsewhere] = [tenantId('a'), tenantId('b'), tenantId('elsewhere')];
const epoch = 'e'.repeat(32);

function reply(since: number, seen: number, moved: readonly [TenantId, number][] = []): HeadsReply {
  return { since, epoch, seen, own: 0, moved: new Map(moved), complete: since > 0 };
}

/** Heads that stand at a seq, and a view that is complete up to there. */
function standing(at: number) {
  const heads = new Heads(60_000);
  heads.absorb(heads.question, reply(0, at), 0, 1);
  return { heads, view: { covered: { line: heads.line, seen: at }, seen: at, polledAt: 0 } };
}

describe('what the heads prove', () => {
  test('a view is as young as the newest answer, whatever the order of the answers', () => {
    const { heads, view } = standing(90);
    const { question } = heads;
    heads.absorb(question, reply(90, 120, [[a, 120]]), 2000, 3);
    heads.absorb(question, reply(90, 100), 1000, 2);
    expect(heads.proofOf(b, view)).toEqual({
      to: { line: heads.line, seen: 120 },
      sentAt: 2000,
      order: 3,
    });
    expect(heads.question.cursor).toEqual({ epoch, seen: 120 });
  });

  test.each([
    ['that it knows by a poll of its own', 110, 110, true],
    ['that it knew when it was covered', 85, 85, true],
    ['that is newer than what it knows', 95, 110, false],
    [
      'that is older than what it knows, but newer than its cover: of a ledger that was rolled back',
      130,
      110,
      false,
    ],
  ])('of a view with a change %s', (_, seen, moved, proved) => {
    const { heads, view } = standing(90);
    heads.absorb(
      heads.question,
      reply(90, 120, [
        [b, 90],
        [a, moved],
      ]),
      1000,
      2,
    );
    expect(heads.proofOf(a, { ...view, seen }) !== undefined).toBe(proved);
  });

  test('nothing, of a view that knows more than its cover, and of which the heads tell nothing: its ledger was rolled back', () => {
    const { heads, view } = standing(90);
    const made = { ...view, seen: 95 };
    heads.absorb(heads.question, reply(90, 90, [[b, 90]]), 1000, 2);
    expect(heads.proofOf(a, made)).toBeUndefined();
    heads.absorb(
      heads.question,
      reply(90, 120, [
        [b, 90],
        [elsewhere, 120],
      ]),
      2000,
      3,
    );
    expect(heads.proofOf(a, made)).toBeUndefined();
    heads.absorb(
      heads.question,
      reply(120, 120, [
        [elsewhere, 120],
        [a, 95],
      ]),
      3000,
      4,
    );
    expect(heads.proofOf(a, made)).toBeDefined();
  });

  test('nothing, of an answer to what was asked on an earlier line, although the epoch is the same', () => {
    const { heads } = standing(90);
    const { question } = heads;
    // Behind, three times: that is a roll-back.
    for (const order of [2, 3, 4]) heads.absorb(heads.question, reply(90, 85), order, order);
    const { line } = heads;
    expect(line).not.toBe(question.line);
    expect(heads.absorb(question, reply(90, 100), 5, 5)).toBe(false);
    expect(heads).toMatchObject({ line, readOrder: 4 });
    expect(heads.question.cursor).toEqual({ epoch, seen: 85 });
  });

  test('nothing, when what the cursor stands at is gone: others have changed since a roll-back', () => {
    const { heads, view } = standing(90);
    heads.absorb(heads.question, reply(90, 100, [[a, 100]]), 1, 2);
    heads.absorb(heads.question, reply(100, 110, [[b, 110]]), 2, 3);
    expect(heads.proofOf(b, view)).toBeUndefined();
  });

  test('nothing, of a view that was not polled for too long', () => {
    const { heads, view } = standing(90);
    heads.absorb(heads.question, reply(90, 90), 59_999, 2);
    expect(heads.proofOf(a, view)).toBeDefined();
    heads.absorb(heads.question, reply(90, 90), 60_000, 3);
    expect(heads.proofOf(a, view)).toBeUndefined();
  });
});

describe('the tenants that are served at a time', () => {
  test('are those of this window or of the one before it', () => {
    const recent = new RecentTenants(1000);
    for (const name of ['a', 'b', 'c', 'b']) recent.add(tenantId(name), 10);
    expect(recent.count(10)).toBe(3);
    recent.add(a, 1010);
    expect(recent.count(1999)).toBe(3);
    expect(recent.count(2010)).toBe(1);
    expect(recent.count(9000)).toBe(0);
  });

  test('are told a little late as well', () => {
    const recent = new RecentTenants(1000);
    for (const name of ['a', 'b', 'c']) recent.add(tenantId(name), 1500);
    recent.add(tenantId('d'), 900);
    expect(recent.count(1500)).toBe(4);
    recent.add(tenantId('e'), 100);
    expect(recent.count(1500)).toBe(4);
  });

  test('are nobody’s when the clock was set back', () => {
    const recent = new RecentTenants(1000);
    recent.add(a, 10_000);
    expect(recent.count(0)).toBe(0);
  });
});
