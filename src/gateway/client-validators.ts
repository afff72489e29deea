import { isEntityTag } from '../http/etag.ts';
import type { StoredValidators } from '../http/preconditions.ts';

/** What the conditions of clients are held against. A tag that is none was not sent. */
export function validatorsIn(headers: Headers): StoredValidators {
  const etag = headers.get('etag');
  return {
    etag: etag !== null && isEntityTag(etag) ? etag : null,
    lastModified: headers.get('last-modified'),
    date: headers.get('date'),
  };
}
