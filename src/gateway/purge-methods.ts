import { problemResponse } from '../http/problem.ts';

/** By which other caches are purged, by whoever sends them. */
const PURGE_METHODS: ReadonlySet<string> = new Set(['PURGE', 'BAN']);

/** What a tenant's URLs may be asked for, whatever its origin makes of it. */
const ALLOW = 'GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE';

/**
 * Refuses the methods that purge in other caches: they carry no credential that is known here, and an origin behind a
 * cache of its own may obey them. Undefined for every other method.
 */
export function refusePurgeMethod({ method }: Request): Response | undefined {
  if (!PURGE_METHODS.has(method.toUpperCase())) return undefined;
  return problemResponse({
    status: 405,
    title: 'Method Not Allowed',
    code: 'method_not_allowed',
    detail: `${method.toUpperCase()} purges nothing here. Purges are made by POST /_tiercel/v1/purge with a token of the scope 'purge'.`,
    headers: { allow: ALLOW },
  });
}
