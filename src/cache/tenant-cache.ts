import type { Stamp } from '../codec/stamp.ts';
import { stampOf } from '../engine/supersede.ts';
import type { DomainEvent } from '../invalidation/event.ts';
import type { Counters, TenantCounters } from '../telemetry/counters.ts';
import type { Namespace } from './namespace.ts';
import type { InputOf, NamespaceMap, ValueOf } from './options.ts';
import { purgeScope, type PurgeOptions, type PurgeResult, type PurgeTargets } from './purge.ts';
import { invalidateScope, type InvalidateOptions, type InvalidationResult } from './invalidate.ts';
import type { NamespaceParts, Scope } from './scope.ts';
import { ValueCache } from './value-cache.ts';

/** What this isolate counted for a tenant. */
export interface TenantStats {
  readonly tenant: string;
  readonly counters: TenantCounters;
}

/** What a tenant's cache has besides its namespaces. */
export interface TenantMethods {
  readonly tenant: string;
  /**
   * Purges of the whole tenant: keys and prefixes begin with `n:` and the name of their namespace (`n:users`; from version 2
   * on `n:users.v2`). Resolves once it is
   * acknowledged; rejects with `AuthorityUnavailable` else, and may be repeated.
   */
  purge(targets: PurgeTargets, options?: PurgeOptions): Promise<PurgeResult>;
  /**
   * Purges what the cache's rules say of domain events: one, or up to 1,000, at most two requests for all of them. Resolves
   * once it is acknowledged, with what became of each event; one that fails keeps no other back. Rejects with
   * `AuthorityUnavailable` when it was not acknowledged, and may be repeated; with `InvalidEvents` for what are no events.
   */
  invalidate(
    events: DomainEvent | readonly DomainEvent[],
    options?: InvalidateOptions,
  ): Promise<InvalidationResult>;
  /**
   * What is known now of the tenant's purges: take it before you read what you will `set`, and a purge in between keeps
   * the value out. Rejects with `AuthorityUnavailable`.
   */
  stamp(): Promise<Stamp>;
  stats(): TenantStats;
}

/** The cache of one tenant: its namespaces by name. */
export type TenantCache<Namespaces extends NamespaceMap> = TenantMethods & {
  readonly [Name in keyof Namespaces]: Namespace<
    ValueOf<Namespaces[Name]>,
    InputOf<Namespaces[Name]>
  >;
};

/** Names that a namespace can't have. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'tenant',
  'purge',
  'invalidate',
  'stamp',
  'stats',
  'forTenant',
  'purgeEverything',
  'on',
  'then',
  'constructor',
  'toString',
  'toJSON',
  'valueOf',
  '__proto__',
  'hasOwnProperty',
]);

class Tenant implements TenantMethods {
  readonly #scope: Scope;
  readonly #counters: Counters;

  constructor(scope: Scope, counters: Counters) {
    this.#scope = scope;
    this.#counters = counters;
  }

  get tenant(): string {
    return this.#scope.tenant;
  }

  purge(targets: PurgeTargets, options?: PurgeOptions): Promise<PurgeResult> {
    return purgeScope(this.#scope, undefined, targets, options);
  }

  invalidate(
    events: DomainEvent | readonly DomainEvent[],
    options?: InvalidateOptions,
  ): Promise<InvalidationResult> {
    return invalidateScope(this.#scope, events, options);
  }

  stamp(): Promise<Stamp> {
    return stampOf(this.#scope.parts, this.#scope, this.#scope.runtime);
  }

  stats(): TenantStats {
    return { tenant: this.#scope.tenant, counters: this.#counters.of(this.#scope.tenant) };
  }
}

/** Makes the cache of a tenant. Its namespaces are made when they are first used. */
export function tenantCache<Namespaces extends NamespaceMap>(
  scope: Scope,
  counters: Counters,
  namespaces: ReadonlyMap<string, NamespaceParts>,
): TenantCache<Namespaces> {
  const tenant = new Tenant(scope, counters);
  for (const [name, parts] of namespaces) {
    let made: ValueCache<unknown> | undefined;
    Object.defineProperty(tenant, name, {
      enumerable: true,
      get: () => (made ??= new ValueCache(scope, parts)),
    });
  }
  // The properties just defined are what the type says.
  return tenant as TenantMethods as TenantCache<Namespaces>;
}
