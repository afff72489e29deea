/** What a request asks for that only so many hops may pass on (RFC 9110, section 7.6.2). */
export type Hops = { readonly type: 'answer'; readonly response: Response } | HopsLeft;
interface HopsLeft {
  readonly type: 'pass';
  /** The field as it goes to the origin. */
  readonly add: readonly (readonly [string, string])[];
}

/**
 * Counts `Max-Forwards` of OPTIONS and TRACE down. At 0 this gateway is the one that is asked: it says that it is there, and
 * does not echo a TRACE. On other methods, and when it is no number, the field counts for nothing.
 */
export function countForward({ method, headers }: Request): Hops {
  const field = headers.get('max-forwards');
  const counts = method === 'OPTIONS' || method === 'TRACE';
  if (!counts || field === null || !/^[0-9]+$/.test(field)) return { type: 'pass', add: [] };
  const left = Math.min(Number(field), Number.MAX_SAFE_INTEGER);
  if (left > 0) return { type: 'pass', add: [['max-forwards', String(left - 1)]] };
  const status = method === 'OPTIONS' ? 204 : 405;
  const allow = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
  return { type: 'answer', response: new Response(null, { status, headers: { allow } }) };
}
