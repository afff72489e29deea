import type { Entry } from '../codec/entry.ts';
import { NOTHING, type Face } from '../engine/face.ts';
import type { Found, Lookup, Miss } from '../engine/found.ts';
import { lookup } from '../engine/lookup.ts';
import type { EngineParts } from '../engine/parts.ts';
import { peek, type Near } from '../engine/peek.ts';
import { unlessPurged } from '../engine/stale.ts';
import type { Prepared } from '../tiers/tier.ts';
import { hit, miss as missed, type MissReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import { keyTarget } from '../tenant/target.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import type { Place, StandingRecord } from './place.ts';
import { stillFits } from './still-fits.ts';
import {
  isRecord,
  parseRecord,
  selectionDigest,
  selectVariant,
  variantKey,
  type Selected,
  type VaryRecord,
} from './variants.ts';

/** What the tiers have for a request. */
export type Located = Place &
  (
    | { readonly found: true; readonly hit: Found; readonly miss?: undefined }
    | {
        readonly found: false;
        readonly hit?: undefined;
        readonly miss: Miss;
        /** The resource is known, but not the variant. */
        readonly varies: boolean;
      }
  );

const RECORDS: Face = {
  prepare: (_, entry) => (isRecord(entry) ? preparedRecord(entry) : NOTHING),
};

/** How the gateway serves entries: responses as they are stored, records parsed once. */
export const gatewayFace = RECORDS;

function preparedRecord(entry: Entry): Prepared | undefined {
  const value = parseRecord(entry);
  return value && { value, bytes: 3 * entry.value.byteLength, needsEntry: true };
}

/** What this isolate holds for a request, when it may be served without asking anybody. */
export function locateNear(
  { engine, keys }: GatewayOptions,
  { request, policy }: Pick<Exchange, 'request' | 'policy'>,
  base: CacheKey,
  now: number,
): (Place & { readonly near: Near }) | undefined {
  const first = peek(engine, base, now);
  if (!first) return undefined;
  const record = recordIn(engine, base, first, first.state === 'stale');
  if (!record) {
    if (!stillFits(first.entry, [], policy)) return undefined;
    return { base, key: base, digest: '', record, near: first };
  }
  const most = policy.maxVariants;
  const { place, selected } = placeOf(keys, base, record, request.headers, now, most);
  if (record.outdated || selected.absent) return undefined;
  const near = peek(engine, place.key, now);
  if (near && !stillFits(near.entry, record.names, policy)) return undefined;
  return near && (near.state === 'fresh' || !selected.byLanguage) ? { ...place, near } : undefined;
}

/** Looks for what a request selects, in every tier. Rejects with `AuthorityUnavailable` only where an answer is required. */
export async function locate(
  options: GatewayOptions,
  { request, policy, runtime }: Pick<Exchange, 'request' | 'policy' | 'runtime'>,
  base: CacheKey,
): Promise<Located> {
  const { engine, keys } = options;
  // A record is no answer: what was looked for is counted, once.
  const first = await lookup(quiet(engine), base, gatewayFace, runtime);
  const held = first.found ? first : first.stale;
  const absence = (reason: MissReason): Miss => {
    const { stamp } = engine.coherence.view(base.tenant);
    return { found: false, reason, stamp, stale: undefined };
  };
  const record = held && recordIn(engine, base, held, !first.found);
  if (!record) {
    const fits = !held || stillFits(held.entry, [], policy);
    const answer = fits ? first : absence('absent');
    report(engine, base, answer);
    return located({ base, key: base, digest: '', record: undefined }, answer, false);
  }
  const { headers } = request;
  const most = policy.maxVariants;
  const { place, selected } = placeOf(keys, base, record, headers, runtime.now(), most);
  const absent = (reason: MissReason, at: Place): Located => located(at, absence(reason), true);
  if (selected.absent) {
    engine.sink(missed(base.tenant, place.key.key, 'absent'));
    return absent('absent', place);
  }
  const second = await lookup(engine, place.key, gatewayFace, runtime);
  // What has been learnt meanwhile counts for the record as well.
  const renewed = recordIn(engine, base, record.found, record.stale);
  if (!renewed || !unlessPurged(engine, base, record.found))
    return absent('purged', { ...place, record: { ...record, outdated: true } });
  const present = { ...place, record: renewed };
  const one = second.found ? second : second.stale;
  if (one && !stillFits(one.entry, renewed.names, policy))
    return absent('absent', ownPlace(keys, present, headers));
  if (second.found && renewed.outdated) {
    const { stamp } = engine.coherence.view(base.tenant);
    return located(present, { found: false, reason: 'stale', stamp, stale: second }, true);
  }
  if (second.found || !selected.byLanguage) return located(present, second, true);
  // What is stale is refreshed for those who sent the fields that it was loaded for, and this request did not.
  return absent('absent', ownPlace(keys, present, headers));
}

/** The place of what a request selects, by the record of its resource. */
function placeOf(
  keys: GatewayOptions['keys'],
  base: CacheKey,
  record: StandingRecord,
  headers: Headers,
  now: number,
  most: number,
): { readonly place: Place; readonly selected: Selected } {
  const selected = selectVariant(record, headers, now, most);
  const { digest } = selected;
  const key = keys.key(base.tenant, variantKey(base.key, record, digest));
  return { place: { base, key, digest, record }, selected };
}

/** The place of what is loaded for a request, which may be served by another's: that of a variant in its language. */
export function ownPlace(keys: GatewayOptions['keys'], place: Place, headers: Headers): Place {
  const { base, record } = place;
  if (!record) return place;
  const digest = selectionDigest(record.names, headers);
  return { ...place, digest, key: keys.key(base.tenant, variantKey(base.key, record, digest)) };
}

/** The record that an entry is; undefined for a response. */
export function recordIn(
  { coherence }: EngineParts,
  { tenant, key }: CacheKey,
  found: Found,
  stale: boolean,
): (StandingRecord & { readonly found: Found }) | undefined {
  if (!isRecord(found.entry)) return undefined;
  const record = found.prepared.value as VaryRecord;
  const mark = coherence.view(tenant).marks.get(keyTarget(key));
  const outdated = mark !== undefined && Math.max(mark.soft, mark.hard) > found.entry.stamp.asOf;
  return { ...record, found, stale, outdated };
}

/**
 * Something stale that was found for a request, unless a hard purge of it is known by now: of itself, or of the resource.
 * For validators, and for what is served in place of the origin's answer.
 */
export function standing(
  { engine }: Pick<GatewayOptions, 'engine'>,
  { base, key, record }: Place,
  found: Found | undefined,
): Found | undefined {
  if (record?.found && !unlessPurged(engine, base, record.found)) return undefined;
  return unlessPurged(engine, key, found);
}

function located(place: Place, found: Lookup, varies: boolean): Located {
  return found.found
    ? { ...place, found: true, hit: found }
    : { ...place, found: false, miss: found, varies };
}

function report({ sink }: EngineParts, { tenant, key }: CacheKey, found: Lookup): void {
  if (found.found) sink(hit(tenant, key, found.tier, found.verified));
  else sink(missed(tenant, key, found.reason));
}

const quieted = new WeakMap<EngineParts, EngineParts>();

/** The same engine, whose lookups are not counted. */
function quiet(engine: EngineParts): EngineParts {
  let parts = quieted.get(engine);
  if (!parts) {
    parts = {
      ...engine,
      sink: (event) => {
        if (event.type !== 'hit' && event.type !== 'miss') engine.sink(event);
      },
    };
    quieted.set(engine, parts);
  }
  return parts;
}
