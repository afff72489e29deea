import type { CachePolicy } from '../tenant/policy.ts';
import { isAmbiguousPath } from './ambiguous-path.ts';
import type { ResponseControl } from './control.ts';
import { heuristicLifetime, saysNoCacheOfOld } from './freshness.ts';
import { isPlain } from './plain-request.ts';
import { contradictsExtension } from './static-type.ts';
import { isPersonal, originValidators } from './validators.ts';

/** How long a response is taken to be fresh that does not say so. */
export type Guess =
  /** Seconds from when it was made; undefined: nobody can tell, but it may be validated. */
  | { readonly lifetime: number | undefined; readonly refusal?: undefined }
  /** Not even that: a Token, and whether others would fare the same. */
  | { readonly refusal: string; readonly forAll: boolean };

/** Heuristically cacheable (RFC 9110, section 15.1), 206 apart. */
const HEURISTIC: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501,
]);

/** Errors that speak of the resource or its origin, and not of the request: those that a policy may give a time. */
const NEGATIVE: ReadonlySet<number> = new Set([404, 410, 451, 500, 502, 503, 504]);

/** The most that a guess about an error may come to, in seconds. */
const MAX_ERROR_HEURISTIC = 60;

/** An error may be what this one request has caused, or pass with the next one. */
export function isForAll(status: number): boolean {
  return status < 400 || HEURISTIC.has(status);
}

/** Statuses that a policy's default time is for: what is there, and where it is for good. */
export function takesDefault(status: number): boolean {
  return status < 400 && HEURISTIC.has(status);
}

/**
 * Freshness where a response does not say: for an error the policy's time for its status, else the policy's default, else
 * a heuristic (RFC 9111, section 4.2.2). Nothing is guessed of what somebody with a name was answered, of a path that
 * servers read differently, and of a page under the name of a picture: each of them may be private.
 */
export function guessedLifetime(
  request: Pick<Request, 'url' | 'headers'>,
  response: Pick<Response, 'status' | 'headers'>,
  { directives }: ResponseControl,
  now: number,
  { ttl, negativeTtl }: Pick<CachePolicy, 'ttl' | 'negativeTtl'>,
): Guess {
  const { status, headers } = response;
  const negative = NEGATIVE.has(status) ? negativeTtl.get(status) : undefined;
  if (negative === undefined && !HEURISTIC.has(status) && !directives.has('public'))
    return { refusal: 'status', forAll: isForAll(status) };
  // Whatever an ordinary client does not send may be what has caused it.
  if (negative !== undefined && !isPlain(request))
    return { refusal: 'unusual-request', forAll: false };
  const lifetime = saysNoCacheOfOld(headers)
    ? undefined
    : (negative ?? (takesDefault(status) ? ttl.default : undefined) ?? heuristicOf(response, now));
  if (negative === 0) return { refusal: 'no-freshness', forAll: isForAll(status) };
  if (isPersonal(request, [])) {
    // Nobody has said that others may see what somebody with a name was answered.
    const never = lifetime === undefined && originValidators(response).length === 0;
    return { refusal: 'no-freshness', forAll: never };
  }
  // The page of an error is seldom what the path's extension says.
  if (negative === undefined && contradictsExtension(request.url, headers))
    return { refusal: 'type-mismatch', forAll: true };
  if (lifetime !== undefined && isAmbiguousPath(new URL(request.url).pathname))
    return originValidators(response).length > 0
      ? { lifetime: undefined }
      : { refusal: 'ambiguous-path', forAll: true };
  return { lifetime };
}

function heuristicOf(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  now: number,
): number | undefined {
  const lifetime = heuristicLifetime(headers, now);
  if (lifetime === undefined || status < 400) return lifetime;
  return Math.min(lifetime, MAX_ERROR_HEURISTIC);
}
