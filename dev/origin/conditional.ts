import type { IncomingHttpHeaders } from 'node:http';

export interface Validators {
  readonly etag: string;
  /** Unix time in milliseconds; compared in whole seconds, as HTTP dates are. */
  readonly lastModified: number;
}

/** RFC 9110, 13.2.2, for GET and HEAD: If-None-Match decides alone where it is present. */
export function isNotModified(request: IncomingHttpHeaders, { etag, lastModified }: Validators) {
  const ifNoneMatch = request['if-none-match'];
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, etag, 'weak');

  const since = Date.parse(request['if-modified-since'] ?? '');
  return !Number.isNaN(since) && Math.floor(lastModified / 1000) <= Math.floor(since / 1000);
}

/** If-Match, for a change that must not overwrite another one. True when the header is absent. */
export function mayChange(request: IncomingHttpHeaders, etag: string): boolean {
  const ifMatch = request['if-match'];
  return ifMatch === undefined || matches(ifMatch, etag, 'strong');
}

function matches(field: string, etag: string, comparison: 'weak' | 'strong'): boolean {
  if (field.trim() === '*') return true;
  // An entity tag may hold commas, so the list is not split at them.
  return [...field.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g)].some(
    ([, weak, opaque]) => opaque === etag && (comparison === 'weak' || weak === undefined),
  );
}
