import { describe, expect, test } from 'vitest';
import type { Cursor } from '../../../src/authority/authority.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { tenantId } from '../support/tenants.ts';
import { acme, down, keys, scene } from './isolate.ts';

describe('a purge', () => {
  test('is known here as soon as it is acknowledged', async () => {
    const { coherence, runtime } = scene();
    await coherence.check(acme, runtime);
    await runtime.advance(5);
    const { seq } = await coherence.mark(acme, ['t:x'], 'hard', runtime);
    const view = coherence.view(acme);
    expect(view.marks.get('t:x')).toEqual({ hard: seq, soft: 0 });
    expect(view.seen).toBe(seq);
  });

  test('brings the marks of others along: its own seq does not skip them', async () => {
    const { coherence, runtime, authority } = scene();
    await coherence.check(acme, runtime);
    await runtime.advance(5);
    await authority.mark(acme, ['t:others'], 'soft', undefined);
    await coherence.mark(acme, ['t:own'], 'hard', runtime);
    expect([...coherence.view(acme).marks.keys()].toSorted()).toEqual(['t:others', 't:own']);
  });

  test('rejects when it was not acknowledged', async () => {
    const { coherence, runtime } = scene({}, () => ({ mark: down }));
    await expect(coherence.mark(acme, ['*'], 'hard', runtime)).rejects.toThrow(
      AuthorityUnavailable,
    );
  });

  test('whose answer can’t be taken in is not undone by an answer to what was asked before it', async () => {
    const held = Promise.withResolvers<void>();
    let holding = false;
    const { coherence, runtime, authority, asked } = scene({}, (real) => ({
      read: async (...args) => {
        const reply = await real.read(...args);
        if (holding) await held.promise;
        return reply;
      },
      mark: async (...args) => {
        const { ledger, ...reply } = await real.mark(...args);
        return { ...reply, ledger: { ...ledger, since: Number.MAX_SAFE_INTEGER } };
      },
    }));
    // There is a ledger, of which this isolate knows nothing: what it reads is whole.
    await authority.confirm(acme, undefined);
    holding = true;
    const reading = coherence.read(acme, [], runtime);
    const { seq } = await coherence.mark(acme, ['t:x'], 'hard', runtime);
    asked.length = 0;
    held.resolve();
    const { view } = await reading;
    expect(asked).toEqual(['confirm']);
    expect(view.marks.get('t:x')?.hard).toBe(seq);
  });

  test('whose answer can’t be taken in drops the view: whoever reads next learns it', async () => {
    const { coherence, runtime } = scene({}, (authority) => ({
      mark: async (...args) => {
        const { ledger, ...reply } = await authority.mark(...args);
        return { ...reply, ledger: { ...ledger, since: Number.MAX_SAFE_INTEGER } };
      },
    }));
    await coherence.check(acme, runtime);
    const { seq } = await coherence.mark(acme, ['t:x'], 'hard', runtime);
    expect(coherence.view(acme).epoch).toBe('');
    const view = await coherence.check(acme, runtime);
    expect(view.marks.get('t:x')?.hard).toBe(seq);
  });

  test('asks from where the view stands', async () => {
    const cursors: (Cursor | undefined)[] = [];
    const { coherence, runtime } = scene({}, (authority) => ({
      mark: (of, targets, mode, cursor) => {
        cursors.push(cursor);
        return authority.mark(of, targets, mode, cursor);
      },
    }));
    await coherence.mark(acme, ['t:x'], 'hard', runtime);
    const { cursor } = coherence.view(acme);
    await coherence.mark(acme, ['t:x'], 'hard', runtime);
    expect(cursors).toEqual([undefined, cursor]);
  });
});

test('a read brings entries and the ledger in one round trip', async () => {
  const { coherence, runtime, authority, asked } = scene();
  const { stamp } = await coherence.check(acme, runtime);
  if (!stamp) throw new Error('no stamp');
  const key = keys.key(acme, 'e:a');
  const now = runtime.now();
  const draft = {
    value: new Uint8Array([1]),
    form: { type: 'value', contentType: 'text/plain' },
    etag: undefined,
    createdAt: now,
    freshUntil: now + 1000,
    staleUntil: now + 1000,
    staleIfErrorUntil: now + 1000,
    expiresAt: now + 1000,
    lifeUntil: now + 1000,
    tags: [],
    loadMs: 1,
    stamp,
  } as const;
  expect(await authority.commit([{ key, entry: draft }])).toEqual(['stored']);
  await authority.mark(acme, ['t:x'], 'hard', undefined);
  asked.length = 0;
  const { view, entries } = await coherence.read(acme, [key, keys.key(acme, 'e:b')], runtime);
  expect(asked).toEqual(['read']);
  expect(entries).toEqual([draft, undefined]);
  expect(view.marks.has('t:x')).toBe(true);
});

describe('a view', () => {
  const tags = (count: number) => Array.from({ length: count }, (_, at) => `t:${at}` as const);

  test('takes a quarter of the budget at most: it forgets its oldest marks, and its floors cover them', async () => {
    const { coherence, runtime } = scene({ viewBytes: 4000 });
    const { seq } = await coherence.mark(acme, tags(20), 'hard', runtime);
    const view = coherence.view(acme);
    expect(view.bytes).toBeLessThanOrEqual(1000);
    expect([...view.marks.keys()]).toEqual(['t:19']);
    expect(view).toMatchObject({ seen: seq, floor: seq - 1 });
    // Nothing of the tenant that is loaded from now on is kept out.
    expect(view.stamp?.asOf).toBe(seq);
  });

  test('that is larger by a poll is compacted as well', async () => {
    const { coherence, runtime, authority } = scene({ viewBytes: 4000 });
    await coherence.check(acme, runtime);
    await runtime.advance(5);
    const { seq } = await authority.mark(acme, tags(20), 'hard', undefined);
    const view = await coherence.check(acme, runtime);
    expect(view.bytes).toBeLessThanOrEqual(1000);
    expect(view).toMatchObject({ seen: seq, floor: seq - 1 });
  });

  test('that was compacted has room for more marks before it is again', async () => {
    const { coherence, runtime } = scene({ viewBytes: 4000 });
    await coherence.mark(acme, tags(20), 'hard', runtime);
    const { floor } = coherence.view(acme);
    await coherence.mark(acme, ['t:a', 't:b'], 'hard', runtime);
    expect(coherence.view(acme)).toMatchObject({ floor });
    expect(coherence.view(acme).marks.size).toBe(3);
  });

  test('of one tenant, however large its ledger, pushes no other out', async () => {
    const { coherence, runtime } = scene({ viewBytes: 4000 });
    const others = ['a', 'b', 'c', 'd'].map(tenantId);
    for (const other of others) await coherence.check(other, runtime);
    for (let at = 0; at < 10; at += 1) {
      await runtime.advance(1);
      await coherence.mark(acme, tags(50), 'hard', runtime);
    }
    expect(others.map((other) => coherence.view(other).epoch)).not.toContain('');
    expect(coherence.view(acme).epoch).not.toBe('');
  });

  test('that grows is counted as what it has become', async () => {
    const { coherence, runtime } = scene({ viewBytes: 4000 });
    // 7 * 512 bytes; with three marks in each of two of them there is no room for all.
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(tenantId);
    for (const each of all) await coherence.check(each, runtime);
    const lost = (): string[] => all.filter((each) => coherence.view(each).epoch === '');
    await coherence.mark(tenantId('f'), tags(3), 'hard', runtime);
    expect(coherence.view(tenantId('f')).bytes).toBe(512 + 3 * (3 + 128));
    expect(lost()).toEqual([]);
    await coherence.mark(tenantId('g'), tags(3), 'hard', runtime);
    expect(lost()).toHaveLength(1);
    expect(coherence.view(tenantId('g')).marks.size).toBe(3);
  });
});

test('views stay within their budget of bytes, and a lost one is learnt anew', async () => {
  const { coherence, runtime } = scene({ viewBytes: 2000 });
  for (const id of ['a', 'b', 'c', 'd', 'e']) await coherence.check(tenantId(id), runtime);
  expect(coherence.view(tenantId('a')).epoch).toBe('');
  expect(coherence.view(tenantId('e')).epoch).not.toBe('');
  await coherence.check(tenantId('a'), runtime);
  expect(coherence.view(tenantId('a')).epoch).not.toBe('');
});
