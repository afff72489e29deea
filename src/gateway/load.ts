import type { EntryDraft } from '../codec/entry.ts';
import type { Sink } from '../telemetry/events.ts';
import { bypass, tagsDropped } from '../telemetry/events.ts';
import { declaredLength } from './body.ts';
import { bodyLimit } from './body-limit.ts';
import { parseGroups } from './cache-groups.ts';
import { parseCacheTags } from './cache-tags.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { creationTime } from './freshness.ts';
import { httpEntry } from './http-entry.ts';
import { fetchOrigin } from './origin.ts';
import { isConditional, type ConditionChoice } from './request-headers.ts';
import { judgeStorability, type Storable } from './storability.ts';
import { MAX_NAMES, selectingNames } from './variants.ts';

/** When an answer was asked for and came, in milliseconds. */
export interface Times {
  readonly requestedAt: number;
  readonly respondedAt: number;
}

/** The head of what the origin answered; its body is still to be read. */
export type OriginAnswer = Times & { readonly response: Response } & (
    | {
        /** It may be stored. */
        readonly type: 'storable';
        readonly verdict: Storable;
        /** The request fields by which it varies. */
        readonly names: readonly string[];
        readonly createdAt: number;
      }
    /** What is stored is as good as new: to validators of ours only. */
    | { readonly type: 'not-modified' }
    /** It may not be stored, and is passed on. */
    | {
        readonly type: 'pass';
        /** A Token. */
        readonly reason: string;
        /** No request for this resource may have another's answer. */
        readonly forAll: boolean;
        /** It might have been stored, and is not. */
        readonly storable: boolean;
      }
  );

/** Asks the origin for what is stored under the exchange's URL. Rejects with `OriginError`. */
export async function askOrigin(
  options: GatewayOptions,
  exchange: Exchange,
  choice: ConditionChoice,
): Promise<OriginAnswer> {
  const { engine } = options;
  const { request, tenant, policy, runtime } = exchange;
  const requestedAt = runtime.now();
  const response = await fetchOrigin(options, exchange, choice);
  const respondedAt = runtime.now();
  const times = { requestedAt, respondedAt, response };
  if (response.status === 304 && choice.add && choice.add.length > 0)
    return { ...times, type: 'not-modified' };
  const createdAt = creationTime(response.headers, requestedAt, respondedAt);
  const verdict = judgeStorability(request, response, respondedAt, policy, createdAt);
  if (verdict.storable || TAG_REASONS.has(verdict.reason))
    reportTags(response.headers, tenant.id, engine.sink);
  const pass = (reason: string, forAll: boolean, storable = false): OriginAnswer => {
    engine.sink(bypass(tenant.id, reason));
    return { ...times, type: 'pass', reason, forAll, storable };
  };
  if (!verdict.storable) return pass(verdict.reason, verdict.forAll);
  // A 412 or 416 is an answer to this client's conditions, whatever freshness it says.
  if (choice.conditions === 'as-sent' && response.status !== 200 && isConditional(request))
    return pass('status', false);
  const names = selectingNames(verdict.vary);
  if (!names || names.length > MAX_NAMES) return pass('vary', true);
  const length = declaredLength(response);
  if (length !== undefined && length > bodyLimit(engine, policy))
    return pass('too-large', true, true);
  return { ...times, type: 'storable', verdict, names, createdAt };
}

/** A storable answer whose body has been read, as an entry. */
export function draftOf(
  { maxLifetimeMs }: GatewayOptions,
  { url, runtime }: Pick<Exchange, 'url' | 'runtime'>,
  { response, verdict, createdAt, requestedAt }: OriginAnswer & { type: 'storable' },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<EntryDraft> {
  const now = runtime.now();
  const { origin } = url;
  const loadMs = now - requestedAt;
  return httpEntry({ response, origin, bytes, verdict, maxLifetimeMs, createdAt, now, loadMs });
}

const TAG_REASONS: ReadonlySet<string> = new Set([
  'too-many-tags',
  'invalid-tags',
  'too-many-groups',
]);

function reportTags(headers: Headers, tenant: string, sink: Sink): void {
  const tags = parseCacheTags(headers);
  const groups = parseGroups(headers.get('cache-groups'));
  for (const [field, { over, unusable }] of [
    ['cache-tag', tags],
    ['cache-groups', groups],
  ] as const)
    if (over + unusable > 0) sink(tagsDropped(tenant, field, over + unusable));
}
