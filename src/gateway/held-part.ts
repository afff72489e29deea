import { judge } from '../coherence/marks.ts';
import type { Found } from '../engine/found.ts';
import { lookup } from '../engine/lookup.ts';
import type { EngineParts } from '../engine/parts.ts';
import { isStrong } from '../http/etag.ts';
import { parseContentRange } from '../http/range.ts';
import type { CacheKey } from '../tenant/key.ts';
import { validatorsIn } from './client-validators.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { gatewayFace } from './find.ts';
import { headersOf } from './http-entry.ts';
import type { Place } from './place.ts';
import { stillFits } from './still-fits.ts';
import { partialKey, selectionDigest, union, variantKey } from './variants.ts';

/** Below the key of the resource, where no other resource's key is: the last segment of each of those begins with `?`. */
const PART = '206';

/** A part of what a request selects. */
export interface HeldPart {
  readonly key: CacheKey;
  readonly found: Found;
}

/** The part that is held of what a request selects, where it is fresh. Rejects as `lookup` does. */
export async function findPart(
  options: GatewayOptions,
  { request, policy, runtime }: Pick<Exchange, 'request' | 'policy' | 'runtime'>,
  place: Place,
): Promise<HeldPart | undefined> {
  const { engine } = options;
  const key = partKey(options, request, place, []);
  if (!key) return undefined;
  const found = await lookup(withoutMisses(engine), key, gatewayFace, runtime);
  if (!found.found || !stands(engine, place, found.entry)) return undefined;
  return stillFits(found.entry, place.record?.names ?? [], policy) ? { key, found } : undefined;
}

/**
 * Where a part is stored: beside the whole. Of a resource that varies only where that is known by a whole response; parts
 * make no records.
 * @param names the request fields by which the part itself varies
 * @returns undefined for what is not stored
 */
export function partKey(
  { keys }: Pick<GatewayOptions, 'keys'>,
  { headers }: Pick<Request, 'headers'>,
  { base, record }: Place,
  names: readonly string[],
): CacheKey | undefined {
  if (!record) return names.length > 0 ? undefined : keys.key(base.tenant, `${base.key}:${PART}`);
  if (record.outdated || union(record.names, names).length > record.names.length) return undefined;
  const variant = variantKey(base.key, record, selectionDigest(record.names, headers));
  return keys.key(base.tenant, partialKey(variant));
}

/**
 * Whether a part that is held is worth more than one that comes, by the head of its 206: anybody may ask for a single byte,
 * and one part is stored. It is, as long as it is fresh and longer, unless the two may become one, or the new one says by
 * its tag, its date or the length of the whole that it is of another representation.
 */
export function outlasts({ entry }: Found, { headers }: Response, now: number): boolean {
  const stored = headersOf(entry);
  const held = parseContentRange(stored.get('content-range'));
  const next = parseContentRange(headers.get('content-range'));
  if (!held || !next || held.complete !== next.complete || entry.freshUntil <= now) return false;
  const before = validatorsIn(stored);
  const after = validatorsIn(headers);
  if (before.etag && after.etag) {
    if (before.etag !== after.etag) return false;
    const touch = held.first <= next.last + 1 && next.first <= held.last + 1;
    if (touch && isStrong(after.etag)) return false;
  } else if (before.lastModified && after.lastModified) {
    if (before.lastModified !== after.lastModified) return false;
  }
  return entry.value.byteLength > next.last - next.first + 1;
}

/**
 * Whether a part still is one of the resource as it is: a purge of the resource's own key says nothing of the keys below it.
 * Its mark is judged by the rule for copies, because the authority drops by it what stands under that key only.
 */
function stands({ coherence }: EngineParts, { base }: Place, { stamp }: Found['entry']): boolean {
  const view = coherence.view(base.tenant);
  return judge(view, { stamp, key: base.key, tags: [] }, false) === 'valid';
}

/** The same engine, which does not count misses: that the whole is not there has been counted. */
function withoutMisses(engine: EngineParts): EngineParts {
  return {
    ...engine,
    sink: (event) => {
      if (event.type !== 'miss') engine.sink(event);
    },
  };
}
