import { purge as purgeTargets } from '../engine/purge.ts';
import { InvalidKey } from '../errors.ts';
import { KEY_OWNERS } from '../tenant/key-owners.ts';
import type { KeyInput } from '../tenant/segments.ts';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  type PurgeMode,
  type Target,
} from '../tenant/target.ts';
import { checkOptions, OPTION_NAMES } from './call-options.ts';
import { checkTags, keyBelow, wholeKey } from './keys.ts';
import type { Scope } from './scope.ts';

/** The most targets of one purge. */
const MAX_TARGETS = 1000;

/** What to purge: at least one target. */
export interface PurgeTargets {
  /** Keys: of a namespace its own; of a tenant whole ones, for instance `n:users:42`. */
  readonly keys?: readonly KeyInput[];
  /** Every value of the tenant with one of these tags, in whichever namespace. */
  readonly tags?: readonly string[];
  /** Keys and all that is below them, on a segment boundary: `a` covers `a:b`, not `ab`. */
  readonly prefixes?: readonly KeyInput[];
  /** The whole namespace, or the whole tenant. */
  readonly all?: true;
}

/** How to purge. */
export interface PurgeOptions {
  /** `hard` (default): never served again. `soft`: stale, so that it may be served while it is loaded anew or its source fails. */
  readonly mode?: PurgeMode;
}

/** A purge that the authority has acknowledged. */
export interface PurgeResult {
  readonly targets: number;
  readonly mode: PurgeMode;
  /** Every isolate serves nothing of it after so many milliseconds; this one does already. */
  readonly effectiveWithinMs: number;
}

/**
 * Purges targets of a tenant. Rejects with `AuthorityUnavailable` when the purge was not acknowledged: repeat it, that does
 * no harm. Rejects with {@link InvalidKey} for targets that nothing could have.
 *
 * @param below the namespace's prefix, below which keys and prefixes are; undefined: the whole tenant
 */
export async function purgeScope(
  scope: Scope,
  below: string | undefined,
  targets: PurgeTargets,
  options: PurgeOptions = {},
): Promise<PurgeResult> {
  checkOptions(options, OPTION_NAMES.purge);
  const { mode = 'hard' } = options;
  const named = [...new Set(targetsOf(below, targets, scope))];
  if (named.length === 0)
    throw new InvalidKey('A purge must name at least one of keys, tags, prefixes, all.');
  if (named.length > MAX_TARGETS)
    throw new InvalidKey(`The purge names ${named.length} targets; ${MAX_TARGETS} are allowed.`);
  const { parts, tenant, runtime, coherenceMs } = scope;
  // Also where nothing is read: other deployments may read what this one purges.
  await purgeTargets(parts, tenant, named, mode, runtime);
  return { targets: named.length, mode, effectiveWithinMs: coherenceMs };
}

const MEMBERS: ReadonlySet<string> = new Set(['keys', 'tags', 'prefixes', 'all']);

/** The targets of a purge. Throws {@link InvalidKey} for those that nothing could have. */
export function targetsOf(
  below: string | undefined,
  targets: PurgeTargets,
  scope: Scope,
): Target[] {
  const given: unknown = targets;
  if (typeof given !== 'object' || given === null)
    throw new InvalidKey('A purge must name at least one of keys, tags, prefixes, all.');
  // A mistyped member would be a purge that is acknowledged and does not happen.
  for (const name of Object.keys(given))
    if (!MEMBERS.has(name))
      throw new InvalidKey(
        `A purge has no '${name.slice(0, 40)}'; it has ${[...MEMBERS].join(', ')}.`,
      );
  const { keys = [], tags = [], prefixes = [], all } = targets;
  const whole: unknown = all;
  if (whole !== undefined && whole !== true)
    throw new InvalidKey("A purge's 'all' must be true, or left out.");
  const place = (input: KeyInput): string =>
    below === undefined ? ownedKey(input, scope) : keyBelow(below, input);
  return [
    ...listOf('keys', keys).map((key) => keyTarget(place(key))),
    ...checkTags(tags).map(tagTarget),
    ...listOf('prefixes', prefixes).map((prefix) => prefixTarget(place(prefix))),
    ...(all === true ? [below === undefined ? TENANT_TARGET : prefixTarget(below)] : []),
  ];
}

function listOf(name: string, list: readonly KeyInput[]): readonly KeyInput[] {
  const value: unknown = list;
  if (!Array.isArray(value)) throw new InvalidKey(`A purge's '${name}' must be a list of keys.`);
  return list;
}

/**
 * A whole key that something could have: a purge of any other would be acknowledged and hit nothing. Others that share the
 * store may have namespaces, and versions of them, that are not known here; without Redis there are no others.
 */
function ownedKey(input: KeyInput, { prefixes, parts }: Scope): string {
  const key = wholeKey(input);
  const [owner = '', namespace] = key.split(':', 2);
  if (!KEY_OWNERS.has(owner))
    throw new InvalidKey(
      "A key or prefix of the whole tenant must begin with 'n:' and its namespace; of a namespace alone, purge there.",
    );
  const known = owner !== 'n' || namespace === undefined || prefixes.has(`n:${namespace}`);
  if (!known && parts.authority.local)
    throw new InvalidKey(
      `A key or prefix of the whole tenant must begin with one of its namespaces: ${[...prefixes].map((prefix) => `'${prefix}'`).join(', ')}.`,
    );
  return key;
}
