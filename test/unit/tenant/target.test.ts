import * as fc from 'fast-check';
import { expect, it, test } from 'vitest';
import {
  isTarget,
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  unlinkedBy,
} from '../../../src/tenant/target.ts';
import { encodeKey } from '../../../src/tenant/segments.ts';
import { segments, text } from '../support/arbitraries.ts';

it.each(['*', 'k:a', 't:city:1', 't:\n', 'p:g:https', 'k:~', 't:*', 'k:', 't:', 'p:'])(
  '%j is a target, also where it names nothing: a reader must not refuse what was written',
  (target) => {
    expect(isTarget(target)).toBe(true);
  },
);

it.each(['', 'k', 'x:a', '**', '*a', 'a', 'K:a', ' *', ' k:a', 'e:a', ':a'])(
  '%j is no target',
  (target) => {
    expect(isTarget(target)).toBe(false);
  },
);

test('whatever a key or a tag is made of, its target is one, and no two kinds look alike', () => {
  fc.assert(
    fc.property(
      segments,
      text.filter((tag) => tag !== ''),
      (list, tag) => {
        const key = encodeKey(list);
        const targets = [keyTarget(key), prefixTarget(key), tagTarget(tag), TENANT_TARGET];
        expect(targets.every(isTarget)).toBe(true);
        expect(new Set(targets).size).toBe(4);
      },
    ),
  );
});

test('only a hard purge unlinks, and only the keys that it names', () => {
  const targets = [keyTarget('a:b'), tagTarget('k:c'), prefixTarget('d'), TENANT_TARGET] as const;
  expect(unlinkedBy([...targets, keyTarget('e')], 'hard')).toEqual(['a:b', 'e']);
  expect(unlinkedBy(targets, 'soft')).toEqual([]);
});
