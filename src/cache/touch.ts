import type { TouchOutcome } from '../authority/authority.ts';
import type { EntryDraft } from '../codec/entry.ts';
import { touch } from '../engine/touch.ts';
import type { KeyInput } from '../tenant/segments.ts';
import { checkOptions, keepingWith, OPTION_NAMES } from './call-options.ts';
import type { TouchResult } from './namespace.ts';
import type { ValueOptions } from './options.ts';
import { keyOf, type NamespaceParts, type Scope } from './scope.ts';
import { timesOf } from './times.ts';

const TOUCHED: TouchResult = { touched: true };
const untouched = (reason: 'absent' | 'changed' | 'purged'): TouchResult => ({
  touched: false,
  reason,
});
const TOUCH_RESULTS: Readonly<Record<TouchOutcome, TouchResult>> = {
  stored: TOUCHED,
  absent: untouched('absent'),
  refused: untouched('absent'),
  changed: untouched('changed'),
  newer: untouched('changed'),
  fenced: untouched('changed'),
  epoch: untouched('purged'),
  floor: untouched('purged'),
  purged: untouched('purged'),
};

/** Gives a stored value the times of one that is made now, within its absolute life. */
export async function touchValue(
  scope: Scope,
  namespace: NamespaceParts,
  input: KeyInput,
  options: Pick<ValueOptions, 'ttl' | 'staleWhileRevalidate' | 'staleIfError'>,
): Promise<TouchResult> {
  const key = keyOf(scope, namespace, input);
  const { parts, runtime } = scope;
  checkOptions(options, OPTION_NAMES.touch);
  if (!parts.enabled) return { touched: false, reason: 'disabled' };
  const { face, keeping } = namespace.making;
  const kept = keepingWith(keeping, options);
  const timesFrom = (now: number, entry: EntryDraft) =>
    timesOf(kept, face.holdsNull(entry), now, 0);
  return TOUCH_RESULTS[await touch(parts, key, timesFrom, runtime)];
}
