import { parseCacheControl } from '../http/cache-control.ts';
import { isUnusual } from './unusual-request.ts';

/** What of a request can be the reason that its answer may not be stored although another one's might be. */
export type RequestTrait = 'authorization' | 'cookie' | 'no-store' | 'unusual';

/** The traits that a request has. */
export function traitsOf(request: Pick<Request, 'headers'>): ReadonlySet<RequestTrait> {
  const { headers } = request;
  const traits = new Set<RequestTrait>();
  if (headers.has('authorization')) traits.add('authorization');
  if (headers.has('cookie')) traits.add('cookie');
  if (parseCacheControl(headers.get('cache-control')).has('no-store')) traits.add('no-store');
  if (isUnusual(request)) traits.add('unusual');
  return traits;
}

/**
 * Whether the answer to a request without some of these traits could be stored where one with all of them could not: then
 * one that lacks a trait learns nothing from it.
 */
export function lacksOneOf(
  request: Pick<Request, 'headers'>,
  traits: ReadonlySet<RequestTrait>,
): boolean {
  if (traits.size === 0) return false;
  const own = traitsOf(request);
  return [...traits].some((trait) => !own.has(trait));
}
