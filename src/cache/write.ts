import { purge } from '../engine/purge.ts';
import { supersede, type Setting } from '../engine/supersede.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { KeyInput } from '../tenant/segments.ts';
import { keyTarget } from '../tenant/target.ts';
import { segmentsOf } from './keys.ts';
import { draftMaker } from './loader.ts';
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
  const { lifetimes } = namespace.policy;
  const results: SetResult[] = [];
  const settings: (Setting & { readonly at: number })[] = [];
  const outdated: CacheKey[] = [];
  // All are packed before any is stored: what can't be is an error that has changed nothing.
  for (const [input, value] of entries) {
    const key = keyOf(scope, namespace, input);
    const at = results.push({ stored: true }) - 1;
    if (value === undefined) {
      results[at] = { stored: false, reason: 'undefined' };
      continue;
    }
    const packed = await namespace.making.face.pack(value);
    const make = draftMaker(namespace.making, options, segmentsOf(input), runtime.now(), runtime);
    const draft = make(packed, value);
    const reason = refusal(scope, draft.value.byteLength, draft.expiresAt);
    if (!reason) settings.push({ key, draft, prepared: packed.prepared, lifetimes, at });
    else {
      results[at] = { stored: false, reason };
      if (reason !== 'disabled') outdated.push(key);
    }
  }
  if (outdated.length > 0) {
    const targets = outdated.map(({ key }) => keyTarget(key));
    await purge(parts, tenant, targets, 'hard', runtime);
  }
  const outcomes = await supersede(parts, settings, options.stamp, runtime);
  settings.forEach(({ at }, position) => {
    if (!outcomes[position]?.stored) results[at] = { stored: false, reason: 'superseded' };
  });
  return results;
}

function refusal({ parts, runtime }: Scope, bytes: number, expiresAt: number): Refusal | undefined {
  if (!parts.enabled) return 'disabled';
  if (bytes > parts.maxEntryBytes) return 'too_large';
  return expiresAt <= runtime.now() ? 'expired' : undefined;
}
