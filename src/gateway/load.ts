import type { EntryDraft } from '../codec/entry.ts';
import type { Sink } from '../telemetry/events.ts';
import { bypass, tagsDropped } from '../telemetry/events.ts';
import { readBounded } from './body.ts';
import { parseGroups } from './cache-groups.ts';
import { parseCacheTags } from './cache-tags.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { creationTime } from './freshness.ts';
import { httpEntry } from './http-entry.ts';
import { fetchOrigin } from './origin.ts';
import { judgeStorability } from './storability.ts';

/** What the origin answered to a request for the whole. */
export type OriginAnswer =
  /** It may be stored. */
  | {
      readonly type: 'entry';
      readonly draft: EntryDraft;
      /** What caches nearer to the origin said in `Cache-Status`. */
      readonly upstream: string | null;
    }
  /** It may not, and is passed on with its body as it comes. `reason` is a Token. */
  | {
      readonly type: 'pass';
      readonly response: Response;
      readonly body: ReadableStream<Uint8Array> | null;
      readonly reason: string;
    };

/**
 * Asks the origin for the whole of what is stored under the exchange's URL. Rejects with `OriginError`.
 * @param startedAt when the load began, in milliseconds
 */
export async function loadFromOrigin(
  options: GatewayOptions,
  exchange: Exchange,
  startedAt: number,
): Promise<OriginAnswer> {
  const { engine, maxLifetimeMs } = options;
  const { request, url, tenant, runtime } = exchange;
  const response = await fetchOrigin(options, exchange, true);
  const respondedAt = runtime.now();
  const verdict = judgeStorability(request, response, respondedAt);
  if (verdict.storable || TAG_REASONS.has(verdict.reason))
    reportTags(response.headers, tenant.id, engine.sink);
  if (!verdict.storable) {
    engine.sink(bypass(tenant.id, verdict.reason));
    return { type: 'pass', response, body: response.body, reason: verdict.reason };
  }
  const patience = runtime.sleep(engine.maxLoadMs - (respondedAt - startedAt));
  const body = await readBounded(response, engine.maxEntryBytes, patience);
  if (!body.whole) {
    engine.sink(bypass(tenant.id, body.reason));
    return { type: 'pass', response, body: body.stream, reason: body.reason };
  }
  const now = runtime.now();
  const draft = await httpEntry({
    response,
    origin: url.origin,
    bytes: body.bytes,
    lifetime: verdict.lifetime,
    maxLifetimeMs,
    createdAt: creationTime(response.headers, startedAt, respondedAt),
    now,
    loadMs: now - startedAt,
  });
  return { type: 'entry', draft, upstream: response.headers.get('cache-status') };
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
