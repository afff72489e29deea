import { formatStringList } from '../http/structured-fields.ts';
import { namesOf } from './cache-groups.ts';

/** What an origin says to caches about purging: never stored as it came, and passed on only where the tenant asks for it. */
export const TAG_HEADERS = ['cache-tag', 'cache-groups', 'cache-group-invalidation'] as const;

/** Takes away what is said to caches only. */
export function stripTagHeaders(headers: Headers): void {
  for (const name of TAG_HEADERS) headers.delete(name);
}

/** Says an entry's tags and groups anew, out of what it is purged by. */
export function exposeTags(headers: Headers, entryTags: readonly string[]): void {
  const { tags, groups } = namesOf(entryTags);
  if (tags.length > 0) headers.set('cache-tag', tags.join(', '));
  if (groups.length > 0) headers.set('cache-groups', formatStringList(groups));
}
