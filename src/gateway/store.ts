import type { EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import { judge } from '../coherence/marks.ts';
import { NOTHING } from '../engine/face.ts';
import { fillMany, type FillOutcome, type Load } from '../engine/fill.ts';
import { peek } from '../engine/peek.ts';
import { unlessPurged } from '../engine/stale.ts';
import type { Runtime } from '../runtime.ts';
import { bypass } from '../telemetry/events.ts';
import type { CachePolicy } from '../tenant/policy.ts';
import { countedVary } from './counted-vary.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { recordIn } from './find.ts';
import { headersOf } from './http-entry.ts';
import type { Place, StandingRecord } from './place.ts';
import { isReflected } from './reflected.ts';
import {
  languageOf,
  MAX_NAMES,
  recordDraft,
  selectingNames,
  selectionDigest,
  union,
  variantKey,
  withVariant,
  type VaryRecord,
} from './variants.ts';

/** A load that has ended, and what it is to be stored by. */
export interface Storing {
  readonly draft: EntryDraft;
  /** The request fields by which the response varies. */
  readonly names: readonly string[];
  /** The view's, taken before the load began. */
  readonly stamp: Stamp | undefined;
  /** When it began, in milliseconds. */
  readonly startedAt: number;
  /** Which of it is the answer to this request; default `all`. `fields`: its bytes were stored before. */
  readonly answered?: 'all' | 'fields';
}

/** Whether a load is stored; otherwise why it is not. */
export type StoreOutcome = FillOutcome | 'too-many-names' | 'reflected';

/**
 * The record under which a response with these selecting fields is filed: the one that is known, with what it did not
 * know yet. Undefined for a resource that does not vary.
 */
export function recordFor(
  options: GatewayOptions,
  place: Place,
  names: readonly string[],
  runtime: Pick<Runtime, 'now' | 'randomId'>,
): StandingRecord | undefined {
  const record = present(options, place, runtime);
  const all = union(record?.names ?? [], names);
  if (all.length === 0) return undefined;
  // Other fields make other keys: the variants of before would never be found again.
  if (record && !record.outdated && all.length === record.names.length) return record;
  return {
    id: runtime.randomId().slice(0, 12),
    names: all,
    variants: [],
    found: undefined,
    stale: false,
    outdated: false,
  };
}

/**
 * Stores a response where the next request like this one looks for it: under the resource's key, or as a variant, with
 * the record that leads there, in one request. A record and its variants stand or fall together: a purge of the resource
 * ends the record, so that a load which began before the purge must not be filed under a record that came after it.
 * `reflected`: nobody else may have it.
 */
export function store(
  options: GatewayOptions,
  exchange: Pick<Exchange, 'request' | 'url' | 'tenant' | 'policy' | 'runtime'>,
  place: Place,
  storing: Storing,
): StoreOutcome {
  const { engine, keys } = options;
  const { request, policy, runtime } = exchange;
  const { draft, names, stamp, startedAt, answered } = storing;
  const { base } = place;
  const load = (key: Load['key'], of: EntryDraft): Load => ({
    key,
    draft: of,
    prepared: NOTHING,
    stamp,
    startedAt,
  });
  const fillIn = (...loads: readonly Load[]): FillOutcome =>
    fillMany(engine, loads, runtime).at(-1) ?? 'unstamped';

  const record = recordFor(options, place, names, runtime);
  if (engine.enabled && isReflected(exchange, record?.names ?? [], draft, answered)) {
    engine.sink(bypass(base.tenant, 'reflected'));
    return 'reflected';
  }
  if (!stamp || !record) return fillIn(load(base, draft));
  if (record.names.length > MAX_NAMES) return 'too-many-names';
  if (!mayStandUnder(options, base, record, stamp)) return 'purged';
  const next = recordWith(record, request.headers, draft, runtime.now(), policy);
  const digest = selectionDigest(record.names, request.headers);
  const variant = load(keys.key(base.tenant, variantKey(base.key, record, digest)), draft);
  if (!next) return fillIn(variant);
  const loads = [recordLoad(options, base, next, storing, runtime), variant];
  const [ofRecord = 'unstamped', ofVariant = 'unstamped'] = fillMany(engine, loads, runtime);
  // Nobody finds a variant of a record that stands nowhere.
  return record.found ? ofVariant : ofRecord === 'stored' ? ofVariant : ofRecord;
}

/** As {@link store}, for a variant that is stored already, by whoever refreshed it: its record has to live as long. */
export function storeRecord(
  options: GatewayOptions,
  { request, policy, runtime }: Pick<Exchange, 'request' | 'policy' | 'runtime'>,
  place: Place,
  storing: Storing,
): void {
  const { record, base } = place;
  const standing = record && present(options, place, runtime);
  // Under another id its variants are not found any more.
  if (!standing || standing.outdated || standing.id !== record.id) return;
  if (!storing.stamp || !mayStandUnder(options, base, standing, storing.stamp)) return;
  const next = recordWith(standing, request.headers, storing.draft, runtime.now(), policy);
  if (next) fillMany(options.engine, [recordLoad(options, base, next, storing, runtime)], runtime);
}

/** The record with this variant in it; undefined when it need not be written again. */
function recordWith(
  record: StandingRecord,
  headers: Headers,
  draft: EntryDraft,
  now: number,
  { maxVariants }: Pick<CachePolicy, 'maxVariants'>,
): VaryRecord | undefined {
  const digest = selectionDigest(record.names, headers);
  const language = languageOf(record.names, headers, contentLanguageOf(draft));
  const variant = { digest, until: draft.expiresAt, language };
  const next = withVariant(record, variant, now, maxVariants);
  return isToBeWritten(record, next, digest) ? next : undefined;
}

function recordLoad(
  { maxLifetimeMs }: GatewayOptions,
  base: Place['base'],
  record: VaryRecord,
  { stamp, startedAt }: Storing,
  runtime: Pick<Runtime, 'now'>,
): Load {
  const now = runtime.now();
  const draft = recordDraft(record, now, now + maxLifetimeMs);
  const prepared = { value: record, bytes: 3 * draft.value.byteLength, needsEntry: true };
  return { key: base, draft, prepared, stamp, startedAt };
}

/**
 * The record as this isolate knows it now: others may have added to it while the load was under way, or a purge of the
 * resource may have ended it. A record is never written again once a purge has hit it: that would bring back all that was
 * stored under it.
 */
function present(
  { engine }: GatewayOptions,
  { base, record }: Place,
  runtime: Pick<Runtime, 'now'>,
): StandingRecord | undefined {
  const near = peek(engine, base, runtime.now());
  const standing = near && recordIn(engine, base, near, near.state === 'stale');
  // Of one that was learnt at the same time, and is not stored yet, others may hold variants already.
  if (standing && (!record || standing.id === record.id || record.found)) return standing;
  if (!record?.found) return record;
  if (!unlessPurged(engine, base, record.found)) return { ...record, outdated: true };
  return recordIn(engine, base, record.found, record.stale);
}

/** Whether a load with this stamp may be filed under a record: no purge of the resource may lie between the two. */
function mayStandUnder(
  { engine }: GatewayOptions,
  { tenant, key }: Place['base'],
  record: StandingRecord,
  stamp: Stamp,
): boolean {
  const view = engine.coherence.view(tenant);
  const written = record.found?.entry.stamp;
  // What lies between is not known yet.
  if (written && (written.epoch !== stamp.epoch || written.asOf > view.newest)) return false;
  const verdict = judge(view, { stamp, key, tags: [] }, false);
  if (verdict !== 'stale') return verdict === 'valid';
  // A soft purge of the record makes stale what is filed under it. Under one from after it, nothing would.
  return !written || judge(view, { stamp: written, key, tags: [] }, false) === 'stale';
}

function isToBeWritten(record: StandingRecord, next: VaryRecord, digest: string): boolean {
  if (!record.found || record.stale) return true;
  const was = record.variants.find((variant) => variant.digest === digest);
  const is = next.variants.find((variant) => variant.digest === digest);
  return !was || !is || is.until > was.until || is.language !== was.language;
}

function contentLanguageOf({ form }: EntryDraft): string | null {
  if (form.type !== 'http') return null;
  return form.headers.find(([name]) => name === 'content-language')?.[1] ?? null;
}

/** What `Cache-Status` tells of it. */
export function storedAs(outcome: StoreOutcome): {
  readonly stored: boolean;
  readonly refusal?: string;
} {
  return outcome === 'stored'
    ? { stored: true }
    : { stored: false, refusal: outcome === 'too_large' ? 'too-large' : outcome };
}

/** The request fields by which a stored response varies, as a policy counts them. */
export function namesOf(draft: EntryDraft, { vary }: Pick<CachePolicy, 'vary'>): readonly string[] {
  const names = countedVary(headersOf(draft), vary);
  return names === '*' ? [] : (selectingNames(names) ?? []);
}
