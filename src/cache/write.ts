import { purge } from '../engine/purge.ts';
import { stampOf, supersede, type Setting } from '../engine/supersede.ts';
import { InvalidKey } from '../errors.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { KeyInput } from '../tenant/segments.ts';
import { keyTarget } from '../tenant/target.ts';
import { checkOptions, OPTION_NAMES } from './call-options.ts';
import { segmentsOf } from './keys.ts';
import { draftOf } from './loader.ts';
import type { SetOptions, SetResult } from './namespace.ts';
import { keyOf, type NamespaceParts, type Scope } from './scope.ts';

type Refusal = Extract<SetResult, { stored: false }>['reason'];

/**
 * Stores values in place of whatever anybody holds, in one request; one more where values can't be kept, whose keys are
 * purged instead: whoever sets a value does not mean that the one before it stays.
 */
export async function writeMany(
  scope: Scope,
  namespace: NamespaceParts,
  entries: Iterable<readonly [key: KeyInput, value: unknown]>,
  options: SetOptions,
): Promise<SetResult[]> {
  const { parts, runtime, tenant } = scope;
  const { making, policy } = namespace;
  checkOptions(options, OPTION_NAMES.set);
  const pairs: unknown = entries;
  if (typeof pairs !== 'object' || pairs === null || !(Symbol.iterator in pairs))
    throw new InvalidKey('Entries must be a list of pairs of key and value.');
  const given = [...entries].map(([input, value]) => ({
    key: keyOf(scope, namespace, input),
    segments: segmentsOf(input),
    value,
  }));
  if (given.length === 0) return [];
  // Before anything is waited for: what comes to be known later was not known to whoever made the values.
  const knownAs =
    options.stamp ?? (parts.enabled ? await stampOf(parts, scope, runtime) : undefined);
  const results: SetResult[] = [];
  const settings = new Map<string, Setting & { readonly at: number }>();
  const outdated = new Map<string, CacheKey>();
  // All are packed before any is stored: what can't be is an error that has changed nothing.
  for (const [at, { key, segments, value }] of given.entries()) {
    if (value === undefined) {
      results[at] = { stored: false, reason: 'undefined' };
      continue;
    }
    const packed = await making.face.pack(value);
    const saying = { options, key: segments, startedAt: runtime.now() };
    const draft = draftOf(making, packed, saying, runtime);
    const reason = refusal(scope, draft.value.byteLength, draft.expiresAt);
    // Of two values for one key the later one counts.
    const before = settings.get(key.key);
    if (before) results[before.at] = { stored: false, reason: 'superseded' };
    settings.delete(key.key);
    outdated.delete(key.key);
    results[at] = reason ? { stored: false, reason } : { stored: true };
    const { lifetimes } = policy;
    if (!reason) settings.set(key.key, { key, draft, prepared: packed.prepared, lifetimes, at });
    else if (reason !== 'disabled') outdated.set(key.key, key);
  }
  if (outdated.size > 0) {
    const targets = [...outdated.values()].map(({ key }) => keyTarget(key));
    await purge(parts, tenant, targets, 'hard', runtime);
  }
  const kept = [...settings.values()];
  const outcomes = await supersede(parts, kept, knownAs, runtime);
  kept.forEach(({ at }, position) => {
    if (!outcomes[position]?.stored) results[at] = { stored: false, reason: 'superseded' };
  });
  return results;
}

function refusal({ parts, runtime }: Scope, bytes: number, expiresAt: number): Refusal | undefined {
  if (!parts.enabled) return 'disabled';
  if (bytes > parts.maxEntryBytes) return 'too_large';
  return expiresAt <= runtime.now() ? 'expired' : undefined;
}
