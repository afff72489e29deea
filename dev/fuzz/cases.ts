import type { KeptCase } from './kept.ts';
import { minimise } from './minimise.ts';
import { replay } from './replay.ts';
import type { Violation } from './session.ts';
import type { FuzzTarget } from './target.ts';

/** So many of one run are looked into, and each is sent so often at most. */
const MAX_CASES = 12;
const MAX_TRIES = 60;

/** A case, and whether it fails again by itself. */
export interface FoundCase extends KeptCase {
  readonly again: boolean;
}

/** The violations that differ, each as small as it could be made. */
export async function casesOf(
  target: FuzzTarget,
  violations: readonly Violation[],
  onProgress: (line: string) => void,
): Promise<FoundCase[]> {
  const found: FoundCase[] = [];
  for (const violation of distinct(violations).slice(0, MAX_CASES)) {
    const { invariant, detail, requests } = violation;
    if (requests.length === 0) continue;
    onProgress(`Looking into ${invariant}: ${detail.split('\n', 1)[0]}`);
    const fails = async (candidate: Violation['requests']): Promise<boolean> =>
      (await replay(target, candidate)).some((again) => again.invariant === invariant);
    const again = await fails(requests);
    found.push({
      invariant,
      detail,
      requests: again ? await minimise(requests, fails, MAX_TRIES) : requests,
      again,
    });
  }
  return found;
}

/** One of each kind: numbers, tags of tenants and paths do not make another one. */
export function distinct(violations: readonly Violation[]): readonly Violation[] {
  const kinds = new Map<string, Violation>();
  for (const violation of violations) {
    const kind = kindOf(violation);
    if (!kinds.has(kind)) kinds.set(kind, violation);
  }
  return [...kinds.values()];
}

/** What two violations that are much the same have in common. */
export function kindOf({ invariant, detail }: Violation): string {
  return `${invariant} ${detail
    .slice(0, 160)
    .replace(/^\w+ (?:GET|HEAD) \S+:/, '')
    .replace(/"(?:[^"\\]|\\.)*"?/g, '""')
    .replace(/\d+/g, '0')}`;
}
