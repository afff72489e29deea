import { describe, expect, test } from 'vitest';
import type { Authority } from '../../../src/authority/authority.ts';
import { guardAuthority } from '../../../src/authority/guarded.ts';
import { AuthorityUnavailable, CircuitOpen, DeadlineExceeded } from '../../../src/errors.ts';
import { Guard } from '../../../src/resilience/guard.ts';
import { anyStamp, draft, entryOf, keyOf, newTenant } from '../../support/entries.ts';
import { manualRuntime, turn } from '../support/runtime.ts';

const DEADLINE = 100;
const tenant = newTenant();
const key = keyOf(tenant, 'a');
const entry = entryOf('a');

/** An authority that answers what `answer` does, and records what reached it. */
function setUp(answer: () => Promise<never> = () => new Promise(() => undefined)) {
  const clock = { ...manualRuntime(), random: () => 0 };
  const calls: string[] = [];
  const reach = (call: string): Promise<never> => {
    calls.push(call);
    return answer();
  };
  const authority: Authority = {
    name: 'redis',
    local: false,
    read: () => reach('read'),
    heads: () => reach('heads'),
    confirm: () => reach('confirm'),
    mark: () => reach('mark'),
    markEverything: () => reach('markEverything'),
    commit: () => reach('commit'),
    supersede: () => reach('supersede'),
    touch: () => reach('touch'),
    lease: () => reach('lease'),
    release: () => reach('release'),
    examine: () => reach('examine'),
    sample: () => reach('sample'),
  };
  const guard = new Guard({
    name: 'redis',
    deadlineMs: DEADLINE,
    clock,
    concurrency: { limit: 1, queue: 0 },
  });
  return { clock, calls, authority, guard, guarded: guardAuthority(authority, guard) };
}

const methods = {
  read: (to) => to.read(tenant, [key], 0),
  heads: (to) => to.heads({ epoch: 'a', seen: 1 }),
  confirm: (to) => to.confirm(tenant, undefined),
  mark: (to) => to.mark(tenant, [], 'hard', undefined),
  markEverything: (to) => to.markEverything('hard'),
  commit: (to) => to.commit([{ key, entry }]),
  supersede: (to) => to.supersede([{ key, draft: draft('a'), knownAs: anyStamp }]),
  touch: (to) => to.touch(key, (found) => found),
  lease: (to) => to.lease(key, 'token', 1000, 0),
  release: (to) => to.release(key, 'token'),
  examine: (to) => to.examine([key]),
  sample: (to) => to.sample(tenant, 10),
} satisfies Record<string, (to: Authority) => Promise<unknown>>;
const names = Object.keys(methods) as (keyof typeof methods)[];
const urgent = (name: string): boolean => name.startsWith('mark');

/** Lets a call run into its deadline; answers its error. */
async function late(
  work: Promise<unknown>,
  clock: { advance(ms: number): Promise<void> },
  ms = DEADLINE,
) {
  const [[end]] = await Promise.all([Promise.allSettled([work]), clock.advance(ms)]);
  if (end?.status !== 'rejected') throw new Error('The call did not fail.');
  const error: unknown = end.reason;
  return error;
}

/** A purge of everything is many requests, and has the time of a hundred; a sample has the time of its steps. */
const deadlineOf = (name: keyof typeof methods): number =>
  name === 'markEverything' ? 100 * DEADLINE : name === 'sample' ? 5 * DEADLINE : DEADLINE;

describe('a guarded authority', () => {
  test.each(names)('passes on what %s answers, and how it fails', async (name) => {
    const answer = { name };
    const { authority, guard } = setUp();
    const answering = { ...authority, [name]: () => Promise.resolve(answer) };
    expect(await methods[name](guardAuthority(answering, guard))).toBe(answer);
    const error = new AuthorityUnavailable('Redis said no.');
    const failing = setUp(() => Promise.reject(error));
    await expect(methods[name](failing.guarded)).rejects.toBe(error);
  });

  test.each(names)('gives %s up at the deadline', async (name) => {
    const { clock, guarded } = setUp();
    const error = await late(methods[name](guarded), clock, deadlineOf(name));
    // Only there is it not known whether a value was written.
    const code = name === 'supersede' ? 'outcome_unknown' : 'authority_unavailable';
    expect(error).toMatchObject({ code, retryable: name !== 'supersede', tier: 'redis' });
    expect(error).toMatchObject({ cause: new DeadlineExceeded(deadlineOf(name)) });
  });

  test.each(names)('sends %s to a dead store only if it is a purge', async (name) => {
    const { clock, calls, guarded } = setUp();
    await late(guarded.read(tenant, [], 0), clock);
    calls.splice(0);
    const work = methods[name](guarded);
    if (urgent(name)) {
      expect(await late(work, clock, deadlineOf(name))).toMatchObject({
        code: 'authority_unavailable',
      });
      expect(calls).toEqual([name]);
    } else {
      await expect(work).rejects.toMatchObject({
        code: 'authority_unavailable',
        retryable: true,
        tier: 'redis',
        cause: new CircuitOpen('redis'),
      });
      expect(calls).toEqual([]);
    }
  });

  test.each(names)('refuses %s when too many are under way, unless it is a purge', async (name) => {
    const { clock, calls, guarded } = setUp();
    const works = [guarded.read(tenant, [], 0), methods[name](guarded)];
    const settled = Promise.allSettled(works);
    await clock.advance(deadlineOf(name));
    const [, second] = await settled;
    const cause = { code: urgent(name) ? 'deadline_exceeded' : 'overloaded' };
    expect(second).toMatchObject({ reason: { code: 'authority_unavailable', cause } });
    expect(calls).toEqual(urgent(name) ? ['read', name] : ['read']);
  });

  test('counts no error that is not the store’s', async () => {
    const { guarded, guard } = setUp(() => Promise.reject(new TypeError('a mistake')));
    for (let at = 0; at < 20; at += 1)
      await expect(guarded.read(tenant, [], 0)).rejects.toThrow('a mistake');
    expect(guard.state).toBe('closed');
  });
});

describe('a touch that reaches its deadline', () => {
  /** Reads, asks for the times, and then hangs in its write. */
  function touching() {
    const parts = setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    const written: unknown[] = [];
    const authority: Authority = {
      ...parts.authority,
      touch: async (_, retime) => {
        await promise;
        const next = retime(entry);
        if (!next) return 'refused';
        written.push(next);
        return new Promise(() => undefined);
      },
    };
    return { ...parts, guarded: guardAuthority(authority, parts.guard), read: resolve, written };
  }

  test('while it writes, has an unknown outcome', async () => {
    const { clock, guarded, read, written } = touching();
    read();
    const work = guarded.touch(key, (found) => ({ ...found, freshUntil: 1 }));
    expect(await late(work, clock, DEADLINE)).toMatchObject({
      code: 'outcome_unknown',
      retryable: false,
    });
    expect(written).toEqual([{ ...entry, freshUntil: 1 }]);
  });

  test('after the caller refused, has written nothing', async () => {
    const { clock, authority, guard } = touching();
    const hanging: Authority = {
      ...authority,
      touch: async (_, retime) => {
        retime(entry);
        return new Promise(() => undefined);
      },
    };
    const work = guardAuthority(hanging, guard).touch(key, () => undefined);
    expect(await late(work, clock, DEADLINE)).toMatchObject({
      code: 'authority_unavailable',
    });
  });

  test('while it reads, has written nothing, and writes nothing later', async () => {
    const { clock, guarded, read, written } = touching();
    const error = await late(
      guarded.touch(key, (found) => found),
      clock,
    );
    expect(error).toMatchObject({ code: 'authority_unavailable', retryable: true });
    read();
    await turn();
    expect(written).toEqual([]);
  });
});
