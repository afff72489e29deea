import type { Authority, HeadsReply, ReadReply } from '../../../src/authority/authority.ts';
import { InIsolateAuthority } from '../../../src/authority/in-isolate.ts';
import { Coherence } from '../../../src/coherence/coherence.ts';
import type { TenantId } from '../../../src/tenant/tenant-id.ts';
import { MapStore } from '../../support/entry-store.ts';
import { manualRuntime, type ManualRuntime } from '../support/runtime.ts';
import { tenantId } from '../support/tenants.ts';
import { keys } from './isolate.ts';

export const BOUND_MS = 1000;
const retention = { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 };

/** What is done to answers on their way. */
export interface Changes {
  readonly read?: (reply: ReadReply, tenant: TenantId) => ReadReply;
  readonly heads?: (reply: HeadsReply | undefined) => HeadsReply | undefined;
}

/** One isolate that has asked for many tenants, over an authority that others use as well. */
export interface HeadsWorld {
  readonly runtime: ManualRuntime;
  readonly coherence: Coherence;
  /** What other isolates do. */
  readonly others: InIsolateAuthority;
  readonly tenants: readonly TenantId[];
  /** What this isolate asked: the heads alone, or a tenant's ledger, behind the heads or not. */
  readonly asked: string[];
  /** As requests that come one after the other, each of which needs a view within the bound. */
  readonly ask: (tenants?: readonly TenantId[]) => Promise<void>;
  /** Lets the bound pass, then one request of each tenant. */
  readonly nextBound: (tenants?: readonly TenantId[]) => Promise<void>;
  readonly isFresh: (tenant: TenantId) => boolean;
}

/** @param count of tenants */
export async function headsWorld(
  changes: Changes = {},
  { coherenceMs = BOUND_MS, count = 20, local = false } = {},
): Promise<HeadsWorld> {
  const runtime = manualRuntime();
  const others = new InIsolateAuthority(runtime, { store: new MapStore(), keys, retention });
  const asked: string[] = [];
  const { read = (reply) => reply, heads = (reply) => reply } = changes;
  const authority: Authority = {
    name: 'redis',
    local,
    read: async (tenant, ...rest) => {
      asked.push(rest[2] ? `heads and ${tenant}` : tenant);
      return read(await others.read(tenant, ...rest), tenant);
    },
    heads: async (since) => {
      asked.push('heads');
      return heads(await others.heads(since));
    },
    confirm: others.confirm.bind(others),
    mark: others.mark.bind(others),
    markEverything: others.markEverything.bind(others),
    commit: others.commit.bind(others),
    supersede: others.supersede.bind(others),
    touch: others.touch.bind(others),
    lease: others.lease.bind(others),
    release: others.release.bind(others),
    examine: others.examine.bind(others),
    sample: others.sample.bind(others),
  };
  const coherence = new Coherence({
    authority,
    coherenceMs,
    maxUnverifiedMs: 30_000,
    viewBytes: 1e6,
    pollWaitMs: 350,
    sink: () => undefined,
  });
  const tenants = Array.from({ length: count }, (_, at) => tenantId(`t${at}`));
  const isFresh = (tenant: TenantId): boolean =>
    coherence.isFresh(coherence.view(tenant), runtime.now());
  const ask = async (of: readonly TenantId[] = tenants): Promise<void> => {
    for (const tenant of of) if (!isFresh(tenant)) await coherence.check(tenant, runtime);
  };
  const nextBound = async (of?: readonly TenantId[]): Promise<void> => {
    await runtime.advance(coherenceMs);
    await ask(of);
  };
  // Twice: once as somebody new, and once to stand where the heads are.
  await ask();
  await nextBound();
  asked.length = 0;
  return { runtime, coherence, others, tenants, asked, ask, nextBound, isFresh };
}
