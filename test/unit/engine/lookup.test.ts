import { describe, expect, it, test } from 'vitest';
import { NOTHING, plainFace } from '../../../src/engine/face.ts';
import type { Lookup } from '../../../src/engine/found.ts';
import { lookup } from '../../../src/engine/lookup.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import type { Copy } from '../../../src/tiers/tier.ts';
import { turn } from '../support/runtime.ts';
import {
  acme,
  COHERENCE_MS,
  isolate,
  key,
  outsideTier,
  stampOf,
  textOf,
  type Isolate,
} from './isolate.ts';

const said = (found: Lookup): string =>
  found.found
    ? `${found.tier}: ${textOf(found.entry) ?? ''}${found.verified ? '' : ', unverified'}`
    : `miss: ${found.reason}`;

/** A copy of a value with the tag x, loaded under the present view. */
function copyOf(one: Isolate): Copy {
  const entry = one.entry(stampOf(one.coherence), 'old', { tags: ['x'] });
  return { key, entry, until: entry.expiresAt, heldAt: 0, prepared: NOTHING };
}

describe('a copy is judged by the view of that moment', () => {
  test('that a tier took long for: a purge that was acknowledged meanwhile counts', async () => {
    const answer = Promise.withResolvers<Copy | undefined>();
    const one = isolate({ outside: [outsideTier({ get: () => answer.promise })] });
    const { runtime, parts, coherence } = one;
    await coherence.check(acme, runtime);
    const copy = copyOf(one);
    const found = lookup(parts, key, plainFace, runtime);
    await turn();
    await runtime.advance(5);
    await coherence.mark(acme, ['t:x'], 'hard', runtime);
    answer.resolve(copy);
    expect(said(await found)).toBe('miss: purged');
    await runtime.settle();
    expect(one.memory.get(key, runtime.now())).toBeUndefined();
  });

  test('that a tier took long for: the view that was lost and learnt again counts', async () => {
    const answer = Promise.withResolvers<Copy | undefined>();
    let gap = false;
    const one = isolate({
      outside: [outsideTier({ get: () => answer.promise })],
      wrap: (authority) => ({
        // An answer with a gap can't be taken in: the view is dropped.
        mark: async (...args) => {
          const { ledger, ...reply } = await authority.mark(...args);
          return { ...reply, ledger: gap ? { ...ledger, since: Number.MAX_SAFE_INTEGER } : ledger };
        },
      }),
    });
    const { runtime, parts, coherence } = one;
    await coherence.check(acme, runtime);
    const copy = copyOf(one);
    const found = lookup(parts, key, plainFace, runtime);
    await turn();
    await runtime.advance(5);
    gap = true;
    await coherence.mark(acme, ['t:x'], 'hard', runtime);
    expect(coherence.view(acme).epoch).toBe('');
    answer.resolve(copy);
    expect(said(await found)).toBe('miss: purged');
  });

  test('whose check has failed: the view that was lost meanwhile does not serve it', async () => {
    const poll = Promise.withResolvers<never>();
    let hanging = false;
    const one = isolate({
      wrap: (authority) => ({
        read: (...args) => (hanging ? poll.promise : authority.read(...args)),
        mark: async (...args) => {
          const { ledger, ...reply } = await authority.mark(...args);
          return { ...reply, ledger: { ...ledger, since: Number.MAX_SAFE_INTEGER } };
        },
      }),
    });
    const { runtime, parts, coherence, memory } = one;
    await coherence.check(acme, runtime);
    memory.put(copyOf(one), runtime.now());
    await runtime.advance(COHERENCE_MS);
    hanging = true;
    const found = lookup(parts, key, plainFace, runtime);
    await turn();
    // Acknowledged here, so that this isolate knows it, or knows that it knows nothing.
    await coherence.mark(acme, ['t:x'], 'hard', runtime);
    expect(coherence.view(acme).epoch).toBe('');
    poll.reject(new AuthorityUnavailable('down'));
    expect(said(await found)).toBe('miss: unavailable');
  });

  it.each([
    [COHERENCE_MS - 1, 'memory: old'],
    [COHERENCE_MS, 'memory: old, unverified'],
    [29_999, 'memory: old, unverified'],
    [30_000, 'miss: unavailable'],
  ])('%i ms after the last check, while the authority is down: %s', async (ms, expected) => {
    let failing = false;
    const one = isolate({
      wrap: (authority) => ({
        read: (...args) =>
          failing ? Promise.reject(new AuthorityUnavailable('down')) : authority.read(...args),
      }),
    });
    const { runtime, parts, coherence, memory } = one;
    await coherence.check(acme, runtime);
    memory.put(copyOf(one), runtime.now());
    failing = true;
    await runtime.advance(ms);
    expect(said(await lookup(parts, key, plainFace, runtime))).toBe(expected);
    await runtime.settle();
  });

  test('after a compaction: a copy that the floor covers now is not served on its old verdict', async () => {
    const one = isolate();
    const { runtime, parts, coherence, memory } = one;
    await coherence.check(acme, runtime);
    memory.put(copyOf(one), runtime.now());
    expect(said(await lookup(parts, key, plainFace, runtime))).toBe('memory: old');
    await runtime.advance(5);
    await coherence.mark(acme, ['t:another'], 'hard', runtime);
    expect(said(await lookup(parts, key, plainFace, runtime))).toBe('memory: old');
    coherence.view(acme).compact(0);
    expect(said(await lookup(parts, key, plainFace, runtime))).toBe('miss: purged');
  });
});
