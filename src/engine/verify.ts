import { SAMPLE_REQUESTS } from '../authority/authority.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey, KeySpace } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { disagreementsOf, isServed, type Disagreement } from './disagreement.ts';
import {
  inspect,
  keysPerRequest,
  LEDGER_REQUESTS,
  type InspectedKey,
  type KnownBefore,
} from './inspect.ts';
import type { InspectedHeld } from './judgement.ts';
import type { EngineParts } from './parts.ts';

/** What a source says now of what is held: what has changed, nothing when it agrees; `failed` when it did not answer. */
export type AskSource = (
  key: CacheKey,
  held: InspectedHeld,
) => Promise<readonly string[] | 'failed'>;

export interface VerifyOptions {
  readonly keys: KeySpace;
  /** The most keys. */
  readonly sample: number;
  /** The most outgoing requests, all stores and sources together; at least {@link LEAST_BUDGET}. */
  readonly budget: number;
  /** Asks where an entry came from; undefined for a key that has no source which could be asked. */
  readonly source: ((key: CacheKey) => AskSource | undefined) | undefined;
}

export interface Verification {
  readonly at: number;
  readonly known: KnownBefore;
  /** Keys that were drawn and looked at. */
  readonly sampled: number;
  /** Keys that were drawn, and not looked at because of the budget. */
  readonly leftOut: number;
  /** Those of the sampled that any store held when it was looked at. */
  readonly compared: number;
  /** Of these, how many no two stores disagree about. */
  readonly agree: number;
  readonly disagreements: readonly (Disagreement & { readonly key: string })[];
  readonly regional: Asked;
  readonly origin: Asked & { readonly failed: number };
}

/** How many keys were asked about, and how many not because of the budget. */
export interface Asked {
  readonly asked: number;
  readonly leftOut: number;
}

/** What is sent whatever is drawn. */
const FIXED_REQUESTS = SAMPLE_REQUESTS + LEDGER_REQUESTS;

/** With less, not one key could be looked at. */
export const LEAST_BUDGET = FIXED_REQUESTS + 1;

/** Sources are asked for so long, in milliseconds: whoever waits for the answer has patience for little more. */
const SOURCES_MS = 20_000;
const SOURCES_AT_ONCE = 4;

/**
 * Draws keys of a tenant from this isolate's memory and from the authority, and compares what every store holds of them.
 * Keeps within the budget: what it leaves out is told. Rejects with `AuthorityUnavailable`.
 */
export async function verify(
  parts: EngineParts,
  tenant: TenantId,
  options: VerifyOptions,
  runtime: Runtime,
): Promise<Verification> {
  const { authority } = parts;
  const drawn = await draw(parts, tenant, options.sample, runtime);
  const most = authority.local ? drawn.length : mostKeys(parts, options.budget);
  const keys = drawn.slice(0, most).map((key) => options.keys.key(tenant, key));
  const remote = authority.local
    ? 0
    : FIXED_REQUESTS + Math.ceil(keys.length / keysPerRequest(parts));
  const outsideTiers = parts.tiers.filter(({ local }) => !local).length;
  const budget = Math.max(0, options.budget - remote);
  const outside = outsideTiers === 0 ? 0 : Math.min(keys.length, Math.floor(budget / outsideTiers));
  const inspection = await inspect(parts, tenant, keys, runtime, { outside });
  const origin = await askSources(
    options,
    inspection.keys,
    budget - outside * outsideTiers,
    runtime,
  );
  const compared = inspection.keys.filter(({ tiers }) =>
    tiers.some(({ state }) => state === 'held' || state === 'undecodable'),
  );
  const found = compared.map(({ key, tiers }) => {
    const changed = origin.changed.get(key.key);
    return [
      ...disagreementsOf(tiers, authority.local ? undefined : authority.name),
      ...(changed ? [changed] : []),
    ].map((one) => ({ key: key.key, ...one }));
  });
  return {
    at: inspection.at,
    known: inspection.known,
    sampled: keys.length,
    leftOut: drawn.length - keys.length,
    compared: compared.length,
    agree: found.filter(({ length }) => length === 0).length,
    disagreements: found.flat(),
    regional: { asked: outside, leftOut: outsideTiers === 0 ? 0 : keys.length - outside },
    origin: { asked: origin.asked, leftOut: origin.leftOut, failed: origin.failed },
  };
}

/** So many keys the authority can be asked about within the budget. */
function mostKeys(parts: EngineParts, budget: number): number {
  return Math.max(0, budget - FIXED_REQUESTS) * keysPerRequest(parts);
}

/** Keys of memory and of the authority by turns, so that neither crowds the other out. */
async function draw(
  { authority, tiers }: EngineParts,
  tenant: TenantId,
  count: number,
  runtime: Runtime,
): Promise<readonly string[]> {
  const lists = [
    ...tiers.map((tier) => tier.sample?.(tenant, count, () => runtime.random()) ?? []),
    await authority.sample(tenant, count),
  ];
  const keys = new Set<string>();
  for (let at = 0; at < count; at += 1)
    for (const list of lists) {
      const key = list[at];
      if (key !== undefined && keys.size < count) keys.add(key);
    }
  return [...keys];
}

interface SourcesAsked extends Asked {
  readonly failed: number;
  readonly changed: ReadonlyMap<string, Disagreement>;
}

/** Asks sources about what a reader would be served now; what nobody is served needs no question. */
async function askSources(
  { source }: VerifyOptions,
  keys: readonly InspectedKey[],
  budget: number,
  runtime: Pick<Runtime, 'now'>,
): Promise<SourcesAsked> {
  const due = keys.flatMap(({ key, tiers }) => {
    const ask = source?.(key);
    const held = tiers.find(isServed);
    return ask && held ? [{ key, held, ask }] : [];
  });
  const endsAt = runtime.now() + SOURCES_MS;
  const changed = new Map<string, Disagreement>();
  let asked = 0;
  let failed = 0;
  const most = Math.min(due.length, budget);
  while (asked < most && runtime.now() < endsAt) {
    const some = due.slice(asked, Math.min(most, asked + SOURCES_AT_ONCE));
    asked += some.length;
    await Promise.all(
      some.map(async ({ key, held, ask }) => {
        const answer = await ask(key, held);
        if (answer === 'failed') failed += 1;
        else if (answer.length > 0)
          changed.set(key.key, {
            tier: held.tier,
            reason: 'changed-at-origin',
            defect: false,
            changed: answer,
            ageMs: Math.max(0, runtime.now() - held.entry.createdAt),
            freshForMs: Math.max(0, held.entry.freshUntil - runtime.now()),
          });
      }),
    );
  }
  return { asked, leftOut: due.length - asked, failed, changed };
}
