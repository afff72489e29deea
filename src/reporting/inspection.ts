import type { Cause } from '../coherence/explain.ts';
import type { Disagreement } from '../engine/disagreement.ts';
import type { Inspection, KnownBefore } from '../engine/inspect.ts';
import type { Inspected, InspectedHeld } from '../engine/judgement.ts';
import type { Verification } from '../engine/verify.ts';
import { groupOf, namesOf } from '../gateway/cache-groups.ts';
import { urlBehind } from '../gateway/request-key.ts';

/** How old what is served may be, in milliseconds. */
export interface Bound {
  readonly coherenceMs: number;
  readonly maxUnverifiedMs: number;
}

/** The longest value that is shown, in bytes. */
export const MAX_SHOWN_BYTES = 65_536;

type Shown = Readonly<Record<string, unknown>>;

/** One key in every store, for people. Times are ISO 8601. Of headers only the names, and no value unless it was kept. */
export function shownInspection(tenant: string, inspection: Inspection, bound: Bound): Shown {
  const [inspected] = inspection.keys;
  return {
    tenant,
    ...named(inspected?.key.key ?? ''),
    ...circumstances(inspection, bound),
    tiers: inspected?.tiers.map((one) => shownTier(one, inspection.at)) ?? [],
  };
}

/** What a verification found, for people. */
export function shownVerification(tenant: string, verification: Verification, bound: Bound): Shown {
  const { sampled, leftOut, compared, agree, disagreements, regional, origin } = verification;
  return {
    tenant,
    ...circumstances(verification, bound),
    sampled,
    leftOut,
    compared,
    agree,
    defects: disagreements.filter(({ defect }) => defect).length,
    regional,
    origin,
    disagreements: disagreements.map(shownDisagreement),
  };
}

function circumstances(
  { at, known }: { readonly at: number; readonly known: KnownBefore },
  bound: Bound,
): Shown {
  return {
    scope: 'isolate',
    at: iso(at),
    bound,
    // Before this request asked: how long ago this isolate had asked, and whether that was enough to serve from.
    view: {
      checkedMsAgo: known.checkedAt === undefined ? null : at - known.checkedAt,
      fresh: known.fresh,
    },
  };
}

function shownDisagreement({
  cause,
  key,
  tier,
  reason,
  defect,
  ...detail
}: Disagreement & { readonly key: string }): Shown {
  return {
    ...named(key),
    tier,
    reason,
    defect,
    ...(cause && { cause: shownCause(cause) }),
    ...detail,
  };
}

/** A key, and the URL that it stands for: a key has escapes of its own, which a URL in a query must not lose. */
function named(key: string): Shown {
  const url = urlBehind(key);
  return { key, ...(url && { url: url.href }) };
}

function shownTier(one: Inspected, at: number): Shown {
  if (one.state !== 'held') return { ...one };
  const { judged, until } = one;
  return {
    tier: one.tier,
    state: judged.state,
    verdict: judged.verdict,
    ...(judged.cause && { cause: shownCause(judged.cause) }),
    served: judged.after ?? 'no',
    ...(until !== undefined && { until: iso(until) }),
    entry: shownEntry(one, at),
    ...(one.value && { value: shownValue(one.value) }),
  };
}

function shownEntry({ entry, bytes }: InspectedHeld, at: number): Shown {
  const { stamp, form, etag, tags, createdAt, loadMs } = entry;
  return {
    stamp: { epoch: stamp.epoch, asOf: stamp.asOf },
    createdAt: iso(createdAt),
    ageMs: Math.max(0, at - createdAt),
    freshUntil: iso(entry.freshUntil),
    staleUntil: iso(entry.staleUntil),
    staleIfErrorUntil: iso(entry.staleIfErrorUntil),
    expiresAt: iso(entry.expiresAt),
    lifeUntil: iso(entry.lifeUntil),
    loadMs,
    ...namesOf(tags),
    bytes: bytes ?? null,
    etag: etag ?? null,
    form:
      form.type === 'http'
        ? {
            type: 'http',
            status: form.status,
            contentType: form.headers.find(([name]) => name === 'content-type')?.[1] ?? null,
            headers: [...new Set(form.headers.map(([name]) => name))],
          }
        : { type: 'value', contentType: form.contentType },
  };
}

function shownCause(cause: Cause): Shown {
  if (cause.by === 'epoch') return { by: cause.by };
  // A seq is the time of Redis in microseconds.
  const at = iso(cause.seq / 1000);
  if (cause.by !== 'mark') return { ...cause, at };
  const { by, mode, target, seq } = cause;
  const group = groupOf(target);
  return { by, mode, ...(group === undefined ? { target } : { group }), seq, at };
}

/** As text where it is some, else in base64; its beginning where it is long. */
function shownValue(value: Uint8Array): Shown {
  const shown = value.subarray(0, MAX_SHOWN_BYTES);
  const cut = shown.length < value.length;
  try {
    // The last character of a part may be cut in two.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(shown, {
      stream: cut,
    });
    return { encoding: 'text', data: text, cut };
  } catch {
    return { encoding: 'base64', data: shown.toBase64(), cut };
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
