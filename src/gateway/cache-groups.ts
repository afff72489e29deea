import { parseStringList } from '../http/structured-fields.ts';
import { tagTarget, type Target } from '../tenant/target.ts';
import { withinCaps, type NamedByOrigin } from './cache-tags.ts';

/** The caps on a field of groups; RFC 9875, sections 2 and 3, asks for at least 32 groups of 32 characters. */
export const MAX_GROUPS = 64;
export const MAX_GROUP_LENGTH = 128;

/** What a group's name is made of: the characters of a String (RFC 9651, section 3.3.3). */
export const GROUP_NAME = /^[\x20-\x7e]*$/;

/**
 * `Cache-Groups` or `Cache-Group-Invalidation` (RFC 9875, sections 2 and 3): a List of Strings, case-sensitive, without
 * duplicates; parameters are ignored. A field that is anything else is ignored, and counts as one that is unusable.
 */
export function parseGroups(field: string | null): NamedByOrigin {
  if (field === null) return { names: [], over: 0, unusable: 0 };
  const names = parseStringList(field);
  if (!names) return { names: [], over: 0, unusable: 1 };
  return { ...withinCaps([...new Set(names)], MAX_GROUPS, MAX_GROUP_LENGTH), unusable: 0 };
}

/**
 * The tag of a group. It begins with a line feed, which no field of HTTP can hold (RFC 9110, section 5.5) and no purge by tag
 * may name, so that it is no `Cache-Tag`; and neither an origin nor a group's name holds one, so that no two groups share a tag.
 * @param origin scheme, host and port: groups of different origins are different groups (RFC 9875, section 2.1). Empty:
 * the group of this name on whatever origin of the tenant
 */
function groupTag(origin: string, name: string): string {
  return `\n${origin}\n${name}`;
}

/** What a purge of a group marks. `origin` undefined: on every origin of the tenant, in one mark. */
export function groupTarget(origin: string | undefined, name: string): Target {
  return tagTarget(groupTag(origin ?? '', name));
}

/** The tags of a response in these groups: of each group on its own origin, and of the name on any. */
export function groupTags(origin: string, names: readonly string[]): string[] {
  return names.flatMap((name) => [groupTag(origin, name), groupTag('', name)]);
}

/** An entry's tags as the origin named them. */
export function namesOf(tags: readonly string[]): {
  readonly tags: readonly string[];
  readonly groups: readonly string[];
} {
  return {
    tags: tags.filter((tag) => !tag.startsWith('\n')),
    groups: tags.filter((tag) => tag.startsWith('\n\n')).map((tag) => tag.slice(2)),
  };
}

/** The group that a target means, as a purge names it: on every origin of the tenant by its name alone. Undefined for another target. */
export function groupOf(
  target: Target,
): string | { readonly origin: string; readonly name: string } | undefined {
  const [, origin, name] = /^t:\n([^\n]*)\n(.*)$/.exec(target) ?? [];
  if (origin === undefined || name === undefined) return undefined;
  return origin === '' ? name : { origin, name };
}
