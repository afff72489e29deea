import {
  createCache,
  memory,
  namespace,
  redis,
  type Cache,
  type CacheOptions,
  type NamespaceOptions,
  type TelemetryEvent,
  type TenantCache,
} from '../../src/index.ts';

/** What the tests keep: plain data, with the tags that it names. */
export interface Value {
  readonly text: string;
  readonly tags?: readonly string[];
}

type Namespaces = {
  /** Without leases: a miss is a read and a write. */
  readonly values: NamespaceOptions<Value>;
  readonly leased: NamespaceOptions<Value>;
  /** Served as copies of whatever is stored. */
  readonly others: NamespaceOptions;
};

/** Options of a cache, all but its namespaces and where Redis is. `redisTimeout`: in milliseconds. */
export type LibraryOptions = Partial<
  Omit<CacheOptions<Namespaces>, 'namespaces' | 'authority' | 'redis'>
> & {
  readonly redisTimeout?: number;
};

/** A cache with memory, view, breaker and flights of its own, as each isolate of the platform has. */
export interface LibraryIsolate extends TenantCache<Namespaces> {
  readonly cache: Cache<Namespaces>;
  /** Everything that it reported. */
  readonly events: TelemetryEvent[];
  readonly of: (tenant: string) => TenantCache<Namespaces>;
  /** Waits for everything that was left for after a response. */
  settled(): Promise<void>;
}

/** A deployment of the library on one Redis, for a tenant that no other test uses. */
export interface Library {
  readonly tenant: string;
  isolate(options?: LibraryOptions): LibraryIsolate;
}

let lastNumber = 0;
const run = crypto.randomUUID().slice(0, 8);

/**
 * Deploys the library. Preset `development`, with memory as the only tier, so that what isolates share is Redis. Options
 * of an isolate win over those of the deployment.
 */
export function deployLibrary(
  endpoint: { readonly url: string; readonly token: string },
  shared: LibraryOptions = {},
): Library {
  lastNumber += 1;
  const tenant = `l${run}-${lastNumber}`;
  return {
    tenant,
    isolate(own = {}) {
      const { redisTimeout, ...options } = { ...shared, ...own };
      const left = new Set<Promise<unknown>>();
      const cache = createCache<Namespaces>({
        preset: 'development',
        logLevel: 'silent',
        tiers: [memory()],
        ...options,
        authority: redis({
          url: endpoint.url,
          token: endpoint.token,
          ...(redisTimeout !== undefined && { timeout: redisTimeout }),
        }),
        namespaces: {
          values: namespace<Value>({ ttl: '10m', lease: false, tags: tagsOf }),
          leased: namespace<Value>({ ttl: '10m', lease: true, tags: tagsOf }),
          others: namespace({ ttl: '10m', lease: false }),
        },
        waitUntil(work) {
          const settled: Promise<unknown> = Promise.allSettled([work]).then(() =>
            left.delete(settled),
          );
          left.add(settled);
        },
      });
      const events: TelemetryEvent[] = [];
      cache.on('*', (event) => void events.push(event));
      const of = (name: string): TenantCache<Namespaces> => cache.forTenant(name);
      return Object.assign(of(tenant), {
        cache,
        events,
        of,
        async settled() {
          while (left.size > 0) await Promise.all(left);
        },
      });
    },
  };
}

/** Values of a kind, a tag of its own on each and one that all have. */
export function numbered(count: number): readonly (readonly [key: string, value: Value])[] {
  return Array.from({ length: count }, (_, at) => [
    `key:${at}`,
    { text: `value ${at}`, tags: [`tag-${at}`, 'all-of-them'] },
  ]);
}

function tagsOf({ tags = [] }: Value): readonly string[] {
  return tags;
}
