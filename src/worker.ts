import bundledTenants from '../tenants.json';
import { Credentials } from './access/credentials.ts';
import { TenantRegistry } from './access/tenants.ts';
import { createApp } from './app.ts';
import type { Authority } from './authority/authority.ts';
import { InIsolateAuthority } from './authority/in-isolate.ts';
import { RedisClient } from './authority/redis/client.ts';
import { RedisAuthority } from './authority/redis/redis.ts';
import { Coherence } from './coherence/coherence.ts';
import type { Config } from './config/config.ts';
import { loadConfig, type Variables } from './config/load.ts';
import type { EngineParts } from './engine/parts.ts';
import { ConfigError } from './errors.ts';
import { Gateway } from './gateway/gateway.ts';
import type { Fetch } from './gateway/exchange.ts';
import { problemResponse } from './http/problem.ts';
import { logSink } from './reporting/log.ts';
import { platformRuntime, type Execution } from './runtime.ts';
import { Counters } from './telemetry/counters.ts';
import type { Sink } from './telemetry/events.ts';
import type { WarmReport } from './telemetry/warm-report.ts';
import { KeySpace } from './tenant/key.ts';
import { MemoryTier } from './tiers/memory.ts';
import { RegionalTier } from './tiers/regional.ts';
import type { Tier } from './tiers/tier.ts';
import { Meter, meteredAuthority, meteredFetch, meteredTier } from './warming/metered.ts';
import { runWarming } from './warming/run.ts';

const MINUTE_MS = 60_000;
const MEMORY_LIFETIME_MS = 10 * MINUTE_MS;
const REGIONAL_LIFETIME_MS = 60 * MINUTE_MS;
/** How far the clocks of two machines may differ: marks are kept that much longer. */
const SKEW_MARGIN_MS = 60 * MINUTE_MS;
const MAX_MARKS = 2000;
const TIER_TIMEOUT_MS = 500;

/** One deployment, assembled: what an isolate keeps between requests. */
interface Service {
  readonly fetch: (
    request: Request,
    env: unknown,
    execution: ExecutionContext,
  ) => Response | Promise<Response>;
  readonly warm: (scheduledAt: number, execution: Execution) => Promise<WarmReport>;
}

const platformFetch: Fetch = (url, init) => fetch(url, init);

function assemble(config: Config): Service {
  const counters = new Counters();
  const source = { now: () => Date.now(), randomId: () => crypto.randomUUID().replaceAll('-', '') };
  const log = logSink((line) => console.warn(line), source.now);
  const sink: Sink = (event) => {
    counters.sink(event);
    log(event);
  };
  const keys = new KeySpace(config.keyPrefix, config.keyVersion);
  const tenants = new TenantRegistry(config.tenants);
  const retention = {
    entriesMs: config.maxLifetimeMs + config.maxLoadMs + SKEW_MARGIN_MS,
    copiesMs:
      Math.max(MEMORY_LIFETIME_MS, REGIONAL_LIFETIME_MS) + config.maxLoadMs + SKEW_MARGIN_MS,
    cap: MAX_MARKS,
  };
  // A quarter of the budget for the views, the rest for entries.
  const viewBytes = Math.floor(config.memoryBytes / 4);
  const entryBytes = config.memoryBytes - viewBytes;

  const memory =
    config.redis && new MemoryTier({ bytes: entryBytes, lifetimeMs: MEMORY_LIFETIME_MS });
  const regional = new RegionalTier({
    cache: () => caches.open('tiercel'),
    base: (tenant) => `https://${tenants.get(tenant)?.hosts[0] ?? 'tiercel.invalid'}`,
    lifetimeMs: REGIONAL_LIFETIME_MS,
    sink,
  });
  // Without Redis the authority is this isolate's memory: what is behind a data centre's cache could not be purged.
  const tiers: readonly Tier[] = memory ? [memory, regional] : [];
  const authority: Authority = config.redis
    ? new RedisAuthority({ client: new RedisClient(config.redis), keys, retention, source, sink })
    : new InIsolateAuthority(source, { bytes: entryBytes, keys, retention });

  const engineWith = (withAuthority: Authority, withTiers: readonly Tier[]): EngineParts => ({
    authority: withAuthority,
    coherence: new Coherence({
      authority: withAuthority,
      coherenceMs: config.coherenceMs,
      maxUnverifiedMs: config.maxUnverifiedMs,
      viewBytes,
      pollWaitMs: (config.redis?.timeoutMs ?? 0) + 100,
      sink,
    }),
    tiers: withTiers,
    sink,
    authorityRequired: config.redis?.need === 'required',
    tierTimeoutMs: TIER_TIMEOUT_MS,
    maxLoadMs: config.maxLoadMs,
    maxEntryBytes: config.maxEntryBytes,
  });
  const gatewayWith = (engine: EngineParts, fetch: Fetch): Gateway =>
    new Gateway({
      engine,
      keys,
      fetch,
      originTimeoutMs: config.originTimeoutMs,
      maxLifetimeMs: config.maxLifetimeMs,
    });

  const engine = engineWith(authority, tiers);
  let lastWarming: WarmReport | undefined;
  const app = createApp({
    tenants,
    credentials: new Credentials(config.credentials),
    gateway: gatewayWith(engine, platformFetch),
    engine,
    health: {
      preset: config.preset,
      authorityName: authority.name,
      authorityRequired: engine.authorityRequired,
      coherence: engine.coherence,
    },
    stats: {
      counters,
      since: source.now(),
      memoryBytes: () => memory?.bytes,
      warming: () => lastWarming,
    },
    adminHost: config.adminHost,
    coherenceMs: config.coherenceMs,
  });

  return {
    fetch: (request, env, execution) => app.fetch(request, env, execution),
    warm: async (scheduledAt, execution) => {
      const meter = new Meter(config.warmRequests);
      // Views of its own: a run begins with what the authority says now.
      const metered = engineWith(
        meteredAuthority(authority, meter),
        tiers.map((tier) => meteredTier(tier, meter)),
      );
      lastWarming = await runWarming({
        gateway: gatewayWith(metered, meteredFetch(platformFetch, meter)),
        meter,
        tenants: tenants.all(),
        scheduledAt,
        runtime: platformRuntime(execution),
        sink,
      });
      return lastWarming;
    },
  };
}

// By environment: an isolate has one for its whole life.
const services = new WeakMap<object, Service | ConfigError>();

function serviceOf(env: Variables): Service | ConfigError {
  let service = services.get(env);
  if (!service) {
    try {
      service = assemble(loadConfig(env, bundledTenants));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      console.error(error.message);
      service = error;
    }
    services.set(env, service);
  }
  return service;
}

export default {
  async fetch(request, env, execution) {
    const service = serviceOf(env);
    if (!(service instanceof ConfigError)) return service.fetch(request, env, execution);
    return problemResponse({
      status: 500,
      title: 'Invalid configuration',
      code: service.code,
      detail: 'The Worker refuses to serve: its configuration has problems.',
      extra: { problems: service.problems },
    });
  },
  async scheduled(controller, env, execution) {
    const service = serviceOf(env);
    if (service instanceof ConfigError) throw service;
    const report = await service.warm(controller.scheduledTime, execution);
    console.log(JSON.stringify({ event: 'warming', ...report }));
  },
} satisfies ExportedHandler<Variables>;
