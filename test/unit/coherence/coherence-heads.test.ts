import { describe, expect, test } from 'vitest';
import type { HeadsReply, ReadReply } from '../../../src/authority/authority.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { tenantId } from '../support/tenants.ts';
import { BOUND_MS, headsWorld } from './heads-world.ts';
import { keys } from './isolate.ts';

const [first, second, third] = [tenantId('t0'), tenantId('t1'), tenantId('t2')];
const elsewhere = tenantId('elsewhere');

/** The answer without a mark that the ledger has. */
const without = (reply: ReadReply, lost: string): ReadReply => ({
  ...reply,
  ledger: reply.ledger && {
    ...reply.ledger,
    marks: reply.ledger.marks.filter(({ target }) => target !== lost),
  },
});

describe('heads', () => {
  test('of many tenants are all that is asked in a bound when none has changed', async () => {
    const { asked, nextBound } = await headsWorld();
    for (let bound = 0; bound < 10; bound += 1) await nextBound();
    expect(asked).toEqual(Array.from({ length: 10 }, () => 'heads'));
  });

  test('tell which ledgers have to be polled', async () => {
    const { asked, others, coherence, nextBound } = await headsWorld();
    await others.mark(second, ['t:a'], 'hard', undefined);
    await nextBound();
    expect(asked).toEqual(['heads', `heads and ${second}`]);
    expect(coherence.view(second).marks.has('t:a')).toBe(true);
    asked.length = 0;
    await nextBound();
    expect(asked).toEqual(['heads']);
  });

  test('are asked once for many requests at once, also behind answers', async () => {
    const { asked, runtime, coherence, tenants } = await headsWorld();
    await runtime.advance(BOUND_MS / 2);
    for (const tenant of tenants) coherence.renewSoon(tenant, coherence.view(tenant), runtime);
    await runtime.settle();
    expect(asked).toEqual(['heads']);
    await runtime.advance(BOUND_MS);
    await Promise.all(tenants.map((tenant) => coherence.check(tenant, runtime)));
    expect(asked).toEqual(['heads', 'heads']);
  });

  test.each([
    ['few tenants', { count: 3 }],
    ['a bound of 0', { coherenceMs: 0 }],
    ['an authority in the same isolate', { local: true }],
  ])('are not asked for %s', async (_, options) => {
    const { asked, nextBound } = await headsWorld({}, options);
    for (let bound = 0; bound < 3; bound += 1) await nextBound();
    expect(asked.filter((what) => what.includes('heads'))).toEqual([]);
    expect(asked.length).toBeGreaterThan(0);
  });

  test('are asked no more when few of the tenants are left that are asked for', async () => {
    const { asked, nextBound } = await headsWorld();
    for (let bound = 0; bound < 70; bound += 1) await nextBound([first]);
    const last = asked.slice(-5);
    // Where the view is covered the heads alone are as cheap as its ledger.
    expect(last.filter((what) => what.startsWith('heads and'))).toEqual([]);
    expect(asked).toHaveLength(70);
  });

  test('answer for a view for so many bounds only: then its own ledger is polled again', async () => {
    const { asked, nextBound } = await headsWorld();
    for (let bound = 0; bound < 61; bound += 1) await nextBound();
    expect(asked.filter((what) => what.endsWith(first))).toEqual([`heads and ${first}`]);
  });

  test('an own purge and what others purged meanwhile leave no gap', async () => {
    const { runtime, others, coherence, nextBound, isFresh } = await headsWorld();
    await others.mark(second, ['t:a'], 'hard', undefined);
    const { seq } = await coherence.mark(second, ['t:b'], 'hard', runtime);
    await nextBound([first]);
    expect(isFresh(second)).toBe(true);
    expect(coherence.view(second)).toMatchObject({ seen: seq });
    expect([...coherence.view(second).marks.keys()]).toEqual(['t:a', 't:b']);
  });

  test('an own set hides nobody’s purge: its ledger is polled', async () => {
    const { others, coherence, nextBound, isFresh } = await headsWorld();
    const { epoch } = coherence.view(second);
    await others.mark(second, ['t:a'], 'hard', undefined);
    const { seq } = await others.mark(second, ['k:e:a'], 'hard', undefined);
    coherence.noteSet(keys.key(second, 'e:a'), { epoch, asOf: seq });
    await nextBound([first]);
    expect(isFresh(second)).toBe(false);
  });

  test('a change that was told once, and whose ledger nobody has polled since, is not forgotten', async () => {
    const { others, nextBound, tenants, isFresh } = await headsWorld();
    await others.mark(second, ['t:a'], 'hard', undefined);
    await others.mark(third, ['t:a'], 'hard', undefined);
    for (let bound = 0; bound < 3; bound += 1) {
      await nextBound([first]);
      expect(tenants.filter((tenant) => !isFresh(tenant))).toEqual([second, third]);
    }
  });

  test('that are lost prove nothing: every ledger is polled again, once', async () => {
    let lost = false;
    const { asked, others, coherence, tenants, nextBound } = await headsWorld({
      read: (reply) => (lost ? { ...reply, heads: undefined } : reply),
      heads: (reply) => (lost ? undefined : reply),
    });
    await others.mark(second, ['t:a'], 'hard', undefined);
    lost = true;
    await nextBound();
    expect(asked).toEqual(['heads', ...tenants.map((tenant) => `heads and ${tenant}`)]);
    expect(coherence.view(second).marks.has('t:a')).toBe(true);
    lost = false;
    await nextBound();
    await nextBound();
    asked.length = 0;
    await nextBound();
    expect(asked).toEqual(['heads']);
  });

  test.each<readonly [string, Partial<HeadsReply>]>([
    ['other ones', { epoch: 'f'.repeat(32), since: 0, complete: false }],
    ['an end before what is known', { seen: 1 }],
    ['more changes than are told', { complete: false }],
    ['a cursor’s own change that is gone', {}],
  ])('%s: no view is taken for unmoved', async (_, wrong) => {
    let broken = false;
    const { others, nextBound, tenants, isFresh } = await headsWorld({
      heads: (reply) => (broken && reply ? { ...reply, moved: new Map(), ...wrong } : reply),
    });
    // So that the cursor stands at somebody's change.
    await others.mark(elsewhere, ['t:a'], 'hard', undefined);
    await nextBound([first]);
    broken = true;
    await others.mark(elsewhere, ['t:b'], 'hard', undefined);
    await nextBound([first]);
    expect(tenants.filter(isFresh)).toEqual([first]);
  });

  test('an answer that ends before what is known says nothing, and what was known still counts', async () => {
    let behind = 0;
    const { asked, others, nextBound } = await headsWorld({
      heads: (reply) => {
        behind -= 1;
        return behind >= 0 && reply ? { ...reply, seen: reply.since - 1, moved: new Map() } : reply;
      },
    });
    for (let round = 0; round < 3; round += 1) {
      await others.mark(elsewhere, ['t:a'], 'hard', undefined);
      asked.length = 0;
      behind = 1;
      await nextBound([first]);
      expect(asked).toEqual(['heads', `heads and ${first}`]);
      asked.length = 0;
      await nextBound();
      expect(asked).toEqual(['heads']);
    }
  });

  test('one answer of five from a replica that lags does not undo the saving', async () => {
    let answers = 0;
    const { asked, others, nextBound } = await headsWorld({
      heads: (reply) => {
        answers += 1;
        const lags = answers % 5 === 0 && reply;
        return lags ? { ...reply, seen: reply.since - 1, moved: new Map() } : reply;
      },
    });
    for (let bound = 0; bound < 40; bound += 1) {
      await others.mark(elsewhere, ['t:a'], 'hard', undefined);
      await nextBound();
    }
    // 40 without a lag, 800 without heads.
    expect(asked.length).toBeLessThan(120);
  });

  test('a head that the ledger does not show is a replica that lags: the primary is asked', async () => {
    let lagging = false;
    const { others, coherence, nextBound } = await headsWorld({
      read: (reply) => (lagging ? without(reply, 't:new') : reply),
    });
    await others.mark(second, ['t:old'], 'hard', undefined);
    await nextBound();
    await others.mark(second, ['t:new'], 'hard', undefined);
    lagging = true;
    await nextBound();
    expect(coherence.view(second).marks.has('t:new')).toBe(true);
  });

  test('a ledger that shows another head than its own covers nothing', async () => {
    let lagging = false;
    const { others, coherence, nextBound } = await headsWorld({
      // As when the heads were written between two answers of one request.
      read: (reply) =>
        lagging && reply.heads
          ? { ...without(reply, 't:new'), heads: { ...reply.heads, own: 1 } }
          : reply,
    });
    await others.mark(second, ['t:old'], 'hard', undefined);
    await nextBound();
    await others.mark(second, ['t:new'], 'hard', undefined);
    await others.mark(third, ['t:x'], 'hard', undefined);
    lagging = true;
    await nextBound();
    lagging = false;
    await nextBound();
    expect(coherence.view(second).marks.has('t:new')).toBe(true);
  });

  test('one ledger that can’t be read fails nobody else’s check', async () => {
    let broken = false;
    const { others, coherence, runtime } = await headsWorld({
      read: (reply, tenant) => {
        if (broken && tenant === first)
          throw new AuthorityUnavailable('The ledger could not be read.');
        return reply;
      },
    });
    await others.mark(first, ['t:a'], 'hard', undefined);
    broken = true;
    await runtime.advance(BOUND_MS);
    const checks = [first, second, third].map((tenant) => coherence.check(tenant, runtime));
    expect((await Promise.allSettled(checks)).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });

  test('that are no heads any more stop nobody: ledgers are polled', async () => {
    let gone = false;
    const { asked, tenants, nextBound } = await headsWorld({
      heads: (reply) => (gone ? undefined : reply),
    });
    gone = true;
    await nextBound();
    expect(asked).toEqual(['heads', ...tenants.map((tenant) => `heads and ${tenant}`)]);
  });
});
