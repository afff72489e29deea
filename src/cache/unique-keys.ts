import { InvalidKey } from '../errors.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { KeyInput } from '../tenant/segments.ts';
import { keyOf, type NamespaceParts, type Scope } from './scope.ts';

/** Each key of a list once, and where the answer of each input stands. */
export interface UniqueKeys {
  readonly unique: readonly CacheKey[];
  /** As they were first given. */
  readonly inputs: readonly KeyInput[];
  readonly places: readonly number[];
}

/** Throws `InvalidKey`. */
export function uniqueKeys(
  scope: Scope,
  namespace: NamespaceParts,
  inputs: readonly KeyInput[],
): UniqueKeys {
  const given: unknown = inputs;
  if (!Array.isArray(given)) throw new InvalidKey('Keys must be a list of keys.');
  const positions = new Map<string, number>();
  const unique: CacheKey[] = [];
  const firsts: KeyInput[] = [];
  const places = inputs.map((input) => {
    const key = keyOf(scope, namespace, input);
    const known = positions.get(key.key);
    if (known !== undefined) return known;
    positions.set(key.key, unique.length);
    firsts.push(input);
    return unique.push(key) - 1;
  });
  return { unique, inputs: firsts, places };
}
