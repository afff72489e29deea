import { InvalidKey } from '../errors.ts';
import type { Target } from '../tenant/target.ts';
import { parsePurgeBody, type TargetOwner } from './purge-body.ts';

/** What {@link ruleTargets} says of a tag: no response could have it, and its purge would hit nothing. */
const TAG_FORM =
  'must be printable ASCII without a comma, or a space at an end: no Cache-Tag holds another tag';

/** One member of a `Cache-Tag`, as `parseCacheTags` reads it. */
const CACHE_TAG = /^(?! )[\x20-\x2b\x2d-\x7e]+(?<! )$/;

/**
 * The targets of what a tenant's rule names, by the grammar of a purge. Throws {@link InvalidKey} for the first that could
 * hit nothing, with its place and without what it holds.
 */
export function ruleTargets(named: object, tenant: TargetOwner): readonly Target[] {
  const parsed = parsePurgeBody(named, tenant);
  if ('problems' in parsed) throw new InvalidKey(parsed.problems[0] ?? '');
  const { tags = [] }: { tags?: readonly string[] } = named;
  const foreign = tags.findIndex((tag) => !CACHE_TAG.test(tag));
  if (foreign >= 0) throw new InvalidKey(`tags.${foreign}: ${TAG_FORM}`);
  return parsed.targets;
}
