import type { Authority } from '../../../src/authority/authority.ts';
import type { EngineParts } from '../../../src/engine/parts.ts';
import type { Fetch } from '../../../src/gateway/exchange.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { LoadQuota } from '../../../src/gateway/load-quota.ts';
import type { Runtime } from '../../../src/runtime.ts';
import { MemoryTier } from '../../../src/tiers/memory.ts';
import type { Copy, Tier } from '../../../src/tiers/tier.ts';
import { regionalTier } from '../engine/schedule-regional.ts';
import { keys, MINUTE, type World } from '../engine/world.ts';

/** One isolate, and what is asked of it. */
export interface Place {
  readonly gateway: Gateway;
  readonly engine: EngineParts;
  readonly memory: MemoryTier;
  readonly runtime: Runtime;
}

/** What all isolates of a schedule share. */
export interface Shared {
  readonly world: World;
  readonly fetch: Fetch;
  /** Waits on the way to another store, and on the way back. */
  readonly pause: () => Promise<void>;
  readonly memoryBytes: number;
  /** Of a data centre; undefined: there is no such tier. */
  readonly colo: Map<string, Copy> | undefined;
  /** Is told of each purge that the authority has carried out. */
  readonly marked: (seq: number) => void;
}

let ids = 0;

/** Begins an isolate. */
export function begin({ world, fetch, pause, memoryBytes, colo, marked }: Shared): Place {
  const slow =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await pause();
      const answer = await call(...args);
      await pause();
      return answer;
    };
  const wrap = (real: Authority): Partial<Authority> => ({
    read: slow(real.read.bind(real)),
    heads: slow(real.heads.bind(real)),
    confirm: slow(real.confirm.bind(real)),
    commit: slow(real.commit.bind(real)),
    supersede: slow(real.supersede.bind(real)),
    mark: slow(async (...args) => {
      const answer = await real.mark(...args);
      marked(answer.seq);
      return answer;
    }),
  });
  const memory = new MemoryTier({ bytes: memoryBytes, lifetimeMs: 1e9 });
  const tiers: Tier[] = colo ? [memory, regionalTier(colo, pause)] : [memory];
  const here = world.isolate({ wrap, tiers: () => tiers });
  const gateway = new Gateway({
    engine: here.parts,
    keys,
    fetch,
    originTimeoutMs: 10_000,
    loads: new LoadQuota(() => undefined),
    maxLifetimeMs: 600 * MINUTE,
    throttleMs: 5000,
  });
  // The first digits name a record: each has to be its own.
  const randomId = (): string => {
    ids += 1;
    return ids.toString(16).padStart(12, '0').padEnd(32, '0');
  };
  return { gateway, engine: here.parts, memory, runtime: { ...here.runtime, randomId } };
}
