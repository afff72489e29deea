import { DEFAULT_QUOTAS, type Quotas } from '../tenant/policy.ts';
import { whole } from './kinds.ts';
import { group } from './policy-fields.ts';

/** `quotas`. */
export const quotas = group(
  { loadsPerSecond: whole(1, 100_000), purgesPerSecond: whole(1, 10_000) },
  (said): Quotas => ({
    loadsPerSecond: said.loadsPerSecond ?? DEFAULT_QUOTAS.loadsPerSecond,
    purgesPerSecond: said.purgesPerSecond ?? DEFAULT_QUOTAS.purgesPerSecond,
  }),
);
