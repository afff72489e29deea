import type { EngineParts } from '../engine/parts.ts';
import type { LeasePolicy, ReadPolicy } from '../engine/policy.ts';
import type { RuleSet } from '../invalidation/rules.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey, KeySpace } from '../tenant/key.ts';
import type { KeyInput } from '../tenant/segments.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { keyBelow } from './keys.ts';
import type { Making } from './loader.ts';

/** What everything of one tenant in one cache works with. */
export interface Scope {
  readonly parts: EngineParts;
  readonly keys: KeySpace;
  readonly tenant: TenantId;
  readonly runtime: Runtime;
  /** How soon every isolate knows of a purge, in milliseconds; 0 where there is only this one. */
  readonly coherenceMs: number;
  /** The prefixes of the namespaces' keys. */
  readonly prefixes: ReadonlySet<string>;
  /** What domain events purge. */
  readonly rules: RuleSet;
}

/** A namespace, made ready once for all tenants. */
export interface NamespaceParts {
  /** `n:{name}`: all keys are below it. */
  readonly prefix: string;
  readonly policy: ReadPolicy;
  /** For calls that ask for a lease, or not, on their own. */
  readonly leases: LeasePolicy;
  readonly making: Making;
}

/** The key of a value. Throws `InvalidKey`. */
export function keyOf(
  { keys, tenant }: Scope,
  { prefix }: NamespaceParts,
  input: KeyInput,
): CacheKey {
  return keys.key(tenant, keyBelow(prefix, input));
}
