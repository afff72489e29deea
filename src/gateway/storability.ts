import { parseCacheControl } from '../http/cache-control.ts';
import type { CachePolicy } from '../tenant/policy.ts';
import { parseGroups } from './cache-groups.ts';
import { parseCacheTags } from './cache-tags.ts';
import { boundedTime } from './bounded-time.ts';
import { responseControl, scopeOf, type ResponseControl } from './control.ts';
import { countedVary } from './counted-vary.ts';
import { echoedIds } from './echoed-ids.ts';
import { isEventStream } from './event-stream.ts';
import { creationTime, freshnessLifetime, staleWindows, type StaleWindows } from './freshness.ts';
import { guessedLifetime, isForAll } from './guess.ts';
import { leadsBack } from './redirect-loop.ts';
import { isUnusual } from './unusual-request.ts';
import { isPersonal, originValidators, tellingValidators } from './validators.ts';

/** How a response may be stored. */
export interface Storable {
  readonly storable: true;
  /** Seconds of freshness from when the response was made. 0: for nothing but validation, or to be served stale. */
  readonly lifetime: number;
  /** The response does not say how long: the lifetime is a guess. */
  readonly heuristic: boolean;
  readonly windows: StaleWindows;
  /** Seconds for which it is kept past every use, to be validated. */
  readonly keep: number;
  /** Fields that must not be stored, in lower case, each once: those that the response names, and ids of this one exchange. */
  readonly withheld: readonly string[];
  /** The request fields that it varies by, as `countedVary` gives them. */
  readonly vary: readonly string[];
}

/** Why a response may not be stored. */
export interface Refusal {
  readonly storable: false;
  /** A Token, sent as `detail` of `Cache-Status`. */
  readonly reason: string;
  /** True: others would fare the same, so that it may be remembered. False: it may be because of this request. */
  readonly forAll: boolean;
}

/** Never stored: a part, no response of its own, and two that a request's own oddity causes. */
const NEVER_STORED: ReadonlySet<number> = new Set([206, 304, 413, 431]);

/** Statuses whose demands on caches are known here, for `must-understand`: those of RFC 9110, section 15, that may be stored. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406,
  407, 408, 409, 410, 411, 412, 414, 415, 416, 417, 421, 422, 426, 500, 501, 502, 503, 504, 505,
]);

/** Without these nobody knows what the stored bytes are, or whom they are for. */
const INDISPENSABLE: ReadonlySet<string> = new Set(['content-encoding', 'content-type', 'vary']);

type Asked = Pick<Request, 'method' | 'url' | 'headers'>;
type Answer = Pick<Response, 'status' | 'headers'>;

/**
 * Decides by RFC 9111, section 3, for a shared cache. The origin is always asked for the identity coding, so that
 * `Vary: Accept-Encoding` varies by nothing. What is not fresh for any time is stored only to be validated.
 * @param policy `setCookie`: whether responses that set a cookie are stored, cookie included; `ttl`, `negativeTtl`, `stale`
 *   and `vary` say what the response leaves open, and bound what it says
 * @param createdAt when it was made, in milliseconds; default: by what it says itself
 */
export function judgeStorability(
  request: Asked,
  response: Answer,
  now: number,
  policy: CachePolicy,
  createdAt: number = creationTime(response.headers, now, now),
): Storable | Refusal {
  const { headers } = response;
  const control = responseControl(headers);
  const { directives } = control;
  const withheld = namedFields(control);
  const vary = countedVary(headers, policy.vary);
  const refusal =
    refusedByStatus(request, response, control) ??
    refusedByFields(request, response, control, withheld, policy) ??
    refusedByCredentials(request, control);
  if (refusal) return refusal;
  if (vary === '*') return refuse('vary');
  const noCache = scopeOf(directives, 'no-cache') === 'all';
  const explicit = noCache ? 0 : freshnessLifetime(headers, control, now);
  const guess =
    explicit === undefined ? guessedLifetime(request, response, control, now, policy) : undefined;
  if (guess?.refusal !== undefined) return refuse(guess.refusal, guess.forAll);
  const said = explicit ?? guess?.lifetime ?? 0;
  // Neither an error nor what comes stale is made to last.
  const mayRaise = response.status < 400 && createdAt + said * 1000 > now;
  const lifetime = boundedTime(said, mayRaise ? policy.ttl : { min: 0, max: policy.ttl.max });
  const windows = staleWindows(directives, { lifetime, status: response.status }, policy.stale);
  const { whileRevalidate, ifError, ifDisconnected } = windows;
  const lastUse = lifetime + Math.max(whileRevalidate, ifError, ifDisconnected);
  const validators = originValidators(response);
  const kept = isPersonal(request, vary) ? tellingValidators(response) : validators;
  const { keep } = policy.stale;
  if (createdAt + lastUse * 1000 <= now && (kept.length === 0 || keep === 0)) {
    const unsaid = (explicit ?? guess?.lifetime) === undefined ? 'no-freshness' : 'stale';
    // What is answered to somebody without a name may be kept all the same.
    const forAll = (validators.length === 0 || keep === 0) && isForAll(response.status);
    return refuse(noCache ? 'no-cache' : unsaid, forAll);
  }
  return {
    storable: true,
    lifetime,
    heuristic: guess?.lifetime !== undefined,
    windows,
    keep,
    withheld: [...new Set([...withheld, ...echoedIds(request.headers, headers, vary)])],
    vary,
  };
}

function refuse(reason: string, forAll = true): Refusal {
  return { storable: false, reason, forAll };
}

function refusedByStatus(
  request: Asked,
  { status, headers }: Answer,
  { directives }: ResponseControl,
): Refusal | undefined {
  if (request.method !== 'GET') return refuse('method', false);
  if (status < 200 || isEventStream({ headers })) return refuse('event-stream');
  if (NEVER_STORED.has(status)) return refuse('status', false);
  if (parseCacheControl(request.headers.get('cache-control')).has('no-store'))
    return refuse('request-no-store', false);
  // A cache that knows the status may ignore the no-store that stands there for those that do not (section 5.2.2.3).
  const mustUnderstand = directives.has('must-understand');
  if (mustUnderstand && !UNDERSTOOD.has(status)) return refuse('must-understand');
  if (directives.has('no-store') && !mustUnderstand) return refuse('no-store');
  if (status >= 400 && isUnusual(request)) return refuse('unusual-request', false);
  return undefined;
}

function refusedByFields(
  { url }: Asked,
  response: Answer,
  { directives }: ResponseControl,
  withheld: readonly string[],
  policy: CachePolicy,
): Refusal | undefined {
  const { headers } = response;
  if (scopeOf(directives, 'private') === 'all') return refuse('private');
  if (withheld.some((name) => INDISPENSABLE.has(name))) return refuse('private');
  if (headers.has('set-cookie') && policy.setCookie !== 'store' && !withheld.includes('set-cookie'))
    return refuse('set-cookie');
  // It may be what this one request has caused.
  if (leadsBack(url, response, policy)) return refuse('redirect-loop', false);
  const tags = parseCacheTags(headers);
  if (tags.over > 0) return refuse('too-many-tags');
  if (tags.unusable > 0) return refuse('invalid-tags');
  if (parseGroups(headers.get('cache-groups')).over > 0) return refuse('too-many-groups');
  return undefined;
}

/** RFC 9111, section 3.5. */
function refusedByCredentials(
  { headers }: Asked,
  { directives }: ResponseControl,
): Refusal | undefined {
  if (!headers.has('authorization')) return undefined;
  const allowed = ['public', 's-maxage', 'must-revalidate'].some((name) => directives.has(name));
  return allowed ? undefined : refuse('authorization', false);
}

/** The fields of which alone `private` or `no-cache` is said: the rest may be stored without them. */
function namedFields({ directives }: ResponseControl): readonly string[] {
  return (['private', 'no-cache'] as const).flatMap((name) => {
    const scope = scopeOf(directives, name);
    return scope === 'all' || scope === 'nothing' ? [] : scope;
  });
}
