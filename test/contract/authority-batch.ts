import { describe, expect, test } from 'vitest';
import { keyTarget, tagTarget } from '../../src/tenant/target.ts';
import { draft, entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import { commit, entryAt, lease, opened, wholeLedger, type MakeWorld } from './authority-world.ts';

/** What becomes of several writes of one call. */
export function describeBatches(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: batches`, () => {
    test('each write has an outcome of its own, in order', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const keys = ['stored', 'epoch', 'floor', 'purged', 'newer', 'fenced', 'last'].map((input) =>
        keyOf(tenant, input),
      );
      const [stored, ofEpoch, ofFloor, purged, newer, fenced, last] = keys;
      if (!stored || !ofEpoch || !ofFloor || !purged || !newer || !fenced || !last)
        throw new Error('A key is missing.');
      const { seq } = await authority.mark(tenant, [keyTarget('purged')], 'hard', undefined);
      await commit(authority, newer, entryOf('newer', { epoch, asOf: seq }));
      await lease(authority, last, 'mine', 60_000);
      const early = { epoch, asOf: seq - 1 };
      const outcomes = await authority.commit([
        { key: stored, entry: entryOf('a', early) },
        { key: ofEpoch, entry: entryOf('a', { epoch: 'b'.repeat(32), asOf: seq }) },
        { key: ofFloor, entry: entryOf('a', { epoch, asOf: seen - 1 }) },
        { key: purged, entry: entryOf('a', early) },
        { key: newer, entry: entryOf('a', early) },
        { key: fenced, entry: entryOf('a', early), lease: 'nobody' },
        { key: last, entry: entryOf('z', early), lease: 'mine' },
      ]);
      expect(outcomes).toEqual(['stored', 'epoch', 'floor', 'purged', 'newer', 'fenced', 'stored']);
      const { entries } = await authority.read(tenant, keys, 0);
      const none = undefined;
      expect(entries.map(text)).toEqual(['a', none, none, none, 'newer', none, 'z']);
    });

    test('of two entries of a key the later one stands', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const stamp = { epoch, asOf: seen };
      const key = keyOf(tenant, 'a');
      const writes = ['one', 'two', 'three'].map((value) => ({
        key,
        entry: entryOf(value, stamp),
      }));
      expect(await authority.commit(writes)).toEqual(['stored', 'stored', 'stored']);
      expect(text(await entryAt(authority, key))).toBe('three');
    });

    test('several hundred come back, each under its own key', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const keys = Array.from({ length: 600 }, (_, at) => keyOf(tenant, ['k', String(at)]));
      const writes = keys.map((key) => ({ key, entry: entryOf(key.key, { epoch, asOf: seen }) }));
      expect(new Set(await authority.commit(writes))).toEqual(new Set(['stored']));
      const { entries } = await authority.read(tenant, keys, 0);
      expect(entries.map(text)).toEqual(keys.map((key) => key.key));
    });

    test('no writes are no outcomes, and no ledger', async () => {
      const { authority } = make();
      const tenant = newTenant();
      expect(await authority.commit([])).toEqual([]);
      expect(await authority.supersede([])).toEqual([]);
      expect((await authority.read(tenant, [], 0)).ledger).toBeUndefined();
    });

    test('values that supersede get a mark and a seq each, rising; a refused one leaves the others alone', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      await authority.mark(tenant, [tagTarget('t')], 'soft', undefined);
      const knownAs = { epoch, asOf: seen };
      const [a, b, c] = [keyOf(tenant, 'a'), keyOf(tenant, 'b'), keyOf(tenant, 'c')];
      const outcomes = await authority.supersede([
        { key: a, draft: draft('1'), knownAs },
        { key: b, draft: draft('2', { tags: ['t'] }), knownAs },
        { key: c, draft: draft('3'), knownAs },
        { key: a, draft: draft('4'), knownAs },
      ]);
      expect(outcomes.map((outcome) => outcome.stored)).toEqual([true, false, true, true]);
      const seqs = outcomes.flatMap((outcome) => (outcome.stored ? [outcome.stamp.asOf] : []));
      expect(seqs).toEqual(seqs.toSorted((one, two) => one - two));
      expect(new Set(seqs).size).toBe(3);
      const { marks } = await wholeLedger(authority, tenant);
      expect(marks.slice(1)).toEqual([
        { target: 'k:c', mode: 'hard', seq: seqs[1] },
        { target: 'k:a', mode: 'hard', seq: seqs[2] },
      ]);
      const { entries } = await authority.read(tenant, [a, b, c], 0);
      expect(entries.map(text)).toEqual(['4', undefined, '3']);
      expect(entries.map((entry) => entry?.stamp.asOf)).toEqual([seqs[2], undefined, seqs[1]]);
    });
  });
}
