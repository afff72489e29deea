import bundledTenants from '../tenants.json';
import { Credentials } from './access/credentials.ts';
import { Senders } from './access/senders.ts';
import { TenantRegistry } from './access/tenants.ts';
import { createApp } from './app.ts';
import type { Config } from './config/config.ts';
import { loadConfig, type Variables } from './config/load.ts';
import { assembleEngine, type TierChoice } from './engine/assemble.ts';
import type { EngineParts } from './engine/parts.ts';
import { ConfigError } from './errors.ts';
import { Gateway } from './gateway/gateway.ts';
import { LoadQuota } from './gateway/load-quota.ts';
import type { Fetch } from './gateway/exchange.ts';
import { problemResponse } from './http/problem.ts';
import { logSink, toConsole } from './reporting/log.ts';
import { platformClock, platformRuntime, type Execution } from './runtime.ts';
import { Counters } from './telemetry/counters.ts';
import type { Sink } from './telemetry/events.ts';
import type { WarmReport } from './telemetry/warm-report.ts';
import { KeySpace } from './tenant/key.ts';
import { Meter, meteredAuthority, meteredFetch, meteredTier } from './warming/metered.ts';
import { runWarming } from './warming/run.ts';

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
  const clock = platformClock;
  const log = logSink(toConsole(console), clock.now, config.logLevel);
  const sink: Sink = (event) => {
    counters.sink(event);
    log(event);
  };
  const keys = new KeySpace(config.keyPrefix, config.keyVersion);
  const tenants = new TenantRegistry(config.tenants);
  const engine = assembleEngine({
    ...config,
    keys,
    tiers: [
      { type: 'memory' },
      ...(config.regional
        ? [
            {
              type: 'regional',
              name: 'tiercel',
              base: (tenant) => `https://${tenants.get(tenant)?.hosts[0] ?? 'tiercel.invalid'}`,
            } satisfies TierChoice,
          ]
        : []),
    ],
    clock,
    sink,
  });
  const credentials = new Credentials(config.credentials);
  const loads = new LoadQuota(sink);
  const gatewayWith = (over: EngineParts, fetch: Fetch): Gateway =>
    new Gateway({
      engine: over,
      keys,
      fetch,
      originTimeoutMs: config.originTimeoutMs,
      privateOrigins: config.privateOrigins,
      loads,
      maxLifetimeMs: config.maxLifetimeMs,
      throttleMs: config.defaults.throttleMs,
      mayDebug: async (token, tenant) =>
        (await credentials.authorize(`Bearer ${token}`, tenant, 'inspect')).allowed,
    });

  const { parts } = engine;
  let lastWarming: WarmReport | undefined;
  const app = createApp({
    tenants,
    credentials,
    senders: new Senders(config.eventSecrets),
    gateway: gatewayWith(parts, platformFetch),
    engine: parts,
    health: {
      preset: config.preset,
      authorityName: parts.authority.name,
      authorityRequired: parts.authorityRequired,
      coherence: parts.coherence,
      stores: engine.stores,
    },
    stats: {
      counters,
      since: clock.now(),
      memoryBytes: () => engine.memory()?.bytes,
      warming: () => lastWarming,
    },
    inspection: {
      keys,
      fetch: platformFetch,
      originTimeoutMs: config.originTimeoutMs,
      privateOrigins: config.privateOrigins,
      loads,
      maxUnverifiedMs: config.maxUnverifiedMs,
      maxRequests: config.warmRequests,
    },
    adminHost: config.adminHost,
    // Without Redis there is only this isolate, which knows at once.
    coherenceMs: parts.authority.local ? 0 : config.coherenceMs,
  });

  return {
    fetch: (request, env, execution) => app.fetch(request, env, execution),
    warm: async (scheduledAt, execution) => {
      const meter = new Meter(config.warmRequests);
      // Views of its own: a run begins with what the authority says now.
      const metered = engine.partsWith(
        meteredAuthority(parts.authority, meter),
        parts.tiers.map((tier) => meteredTier(tier, meter)),
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
