import type { StalePolicy, TtlPolicy } from '../tenant/policy.ts';
import { DEFAULT_CACHE_POLICY } from '../tenant/policy.ts';
import { seconds, type Refuse } from './kinds.ts';
import { group } from './policy-fields.ts';

const YEAR = 365 * 24 * 3600;

/** A time of a policy. Nothing lives longer than a year. */
export const policyTime = seconds(0, YEAR);

/** `ttl` and `browserTtl`. */
export const ttlBounds = group(
  { default: policyTime, min: policyTime, max: policyTime },
  (said, refuse): TtlPolicy => {
    atMost(said, 'min', 'max', refuse);
    atMost(said, 'default', 'max', refuse);
    const { default: ttl, min = 0, max = Infinity } = said;
    if (ttl !== undefined && ttl < min)
      refuse(`is ${show(ttl)}, must be at least the min, which is ${show(min)}`, ['default']);
    return { default: ttl, min, max };
  },
);

/** `stale`. */
export const staleWindows = group(
  {
    whileRevalidate: policyTime,
    ifError: policyTime,
    ifUnreachable: policyTime,
    max: policyTime,
    keep: policyTime,
  },
  (said, refuse): StalePolicy => {
    for (const name of ['whileRevalidate', 'ifError', 'ifUnreachable'] as const)
      atMost(said, name, 'max', refuse);
    const open = DEFAULT_CACHE_POLICY.stale;
    return {
      whileRevalidate: said.whileRevalidate ?? open.whileRevalidate,
      ifError: said.ifError ?? open.ifError,
      ifUnreachable: said.ifUnreachable ?? open.ifUnreachable,
      max: said.max ?? open.max,
      keep: said.keep ?? open.keep,
    };
  },
);

/** Holds what was said against what was said; what nobody said bends. */
function atMost<Name extends string>(
  said: { readonly [Key in Name]?: number | undefined },
  name: Name,
  bound: Name,
  refuse: Refuse,
): void {
  const [value, most] = [said[name], said[bound]];
  if (value !== undefined && most !== undefined && value > most)
    refuse(`is ${show(value)}, must be at most the ${bound}, which is ${show(most)}`, [name]);
}

const show = (value: number): string => policyTime.show(value);
