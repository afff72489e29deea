import { AsyncLocalStorage } from 'node:async_hooks';
import {
  createCache,
  memory,
  namespace,
  redis,
  regional,
  type LoaderContext,
  type LoadOutcome,
  type TelemetryEvent,
} from '../../src/index.ts';
import gateway from '../../src/worker.ts';

/** What the process that starts this Worker says, besides the gateway's own variables. */
interface Environment extends Readonly<Record<string, string>> {
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
  readonly TORTURE_ORIGIN: string;
  readonly CACHE_COHERENCE_MS: string;
  readonly CACHE_MAX_UNVERIFIED_MS: string;
}

/** A value of the origin of dev/torture. */
interface Made {
  readonly load: number;
  readonly resource: string;
  readonly etag: string;
  readonly tags: readonly string[];
  readonly pad: string;
}

/** One call of the library; see dev/torture/library-calls.ts. */
interface Call {
  readonly op: string;
  readonly tenant: string;
  readonly namespace?: Namespaces;
  readonly key?: readonly string[];
  readonly keys?: readonly (readonly string[])[];
  readonly value?: Made;
  readonly targets?: object;
  readonly mode?: 'hard' | 'soft';
  readonly count?: number;
  readonly label?: string;
}

type Namespaces = 'plain' | 'swr' | 'early' | 'leased' | 'quick' | 'fleeting';

/** What the events of one request say of one key. */
interface Seen {
  hit?: { readonly tier: string; readonly verified: boolean };
  stale?: string;
  loaded?: true;
  unavailable?: true;
}

const events = new AsyncLocalStorage<Map<string, Seen>>();
let caches: { readonly busy: Cache; readonly drill: Cache } | undefined;

/**
 * The gateway as it is deployed and the library, in one process. Tenants of directed episodes have a cache with room for whole
 * ledgers; the others have so little memory that entries keep falling out of it.
 */
export default {
  async fetch(
    request: Parameters<typeof gateway.fetch>[0],
    env: Environment,
    execution: ExecutionContext,
  ): Promise<Response> {
    if (new URL(request.url).hostname !== 'library.test')
      return gateway.fetch(request, env, execution);
    caches ??= { busy: open(env, '1MiB'), drill: open(env, '16MiB') };
    const call: Call = await request.json();
    const cache = call.tenant.startsWith('drill-') ? caches.drill : caches.busy;
    try {
      const seen = new Map<string, Seen>();
      const answer = await events.run(seen, () => run(cache, call, env, execution));
      return Response.json(answer(seen));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      return Response.json({ error: code }, { status: 500 });
    }
  },
};

type Cache = ReturnType<typeof open>;
type Answer = (seen: ReadonlyMap<string, Seen>) => unknown;

function open(env: Environment, bytes: '1MiB' | '16MiB') {
  const tags = (made: Made): readonly string[] => made.tags;
  const cache = createCache({
    preset: 'development',
    logLevel: 'silent',
    authority: redis({
      url: env.UPSTASH_REDIS_REST_URL,
      token: env.UPSTASH_REDIS_REST_TOKEN,
      timeout: 500,
    }),
    tiers: [memory({ bytes }), regional()],
    encryptionKeys: false,
    coherenceMs: Number(env.CACHE_COHERENCE_MS),
    maxUnverifiedMs: Number(env.CACHE_MAX_UNVERIFIED_MS),
    hardTimeout: '10s',
    namespaces: {
      plain: namespace<Made>({
        ttl: '40s',
        staleWhileRevalidate: 0,
        staleIfError: '10s',
        lease: false,
        tags,
      }),
      swr: namespace<Made>({
        ttl: '1s',
        staleWhileRevalidate: '20s',
        staleIfError: '30s',
        lease: false,
        tags,
      }),
      early: namespace<Made>({
        ttl: '10s',
        staleWhileRevalidate: '2s',
        earlyRefresh: 10,
        softTimeout: '1s',
        lease: false,
        tags,
      }),
      leased: namespace<Made>({ ttl: '15s', staleWhileRevalidate: '5s', lease: true, tags }),
      quick: namespace<Made>({
        ttl: '200ms',
        staleWhileRevalidate: '20s',
        staleIfError: '30s',
        lease: false,
        tags,
      }),
      fleeting: namespace<Made>({ ttl: '60s', lease: false, tiers: { memory: '100ms' }, tags }),
    },
  });
  cache.on('*', note);
  return cache;
}

function note(event: TelemetryEvent): void {
  const seen = events.getStore();
  if (!seen || !('key' in event)) return;
  const known = seen.get(event.key) ?? {};
  seen.set(event.key, known);
  if (event.type === 'hit') known.hit ??= { tier: event.tier, verified: event.verified };
  if (event.type === 'stale') {
    known.stale ??= event.tier;
    if (!event.verified) known.unavailable = true;
  }
  if (event.type === 'load') known.loaded = true;
  if (event.type === 'miss' && event.reason === 'unavailable') known.unavailable = true;
}

async function run(
  cache: Cache,
  call: Call,
  env: Environment,
  execution: ExecutionContext,
): Promise<Answer> {
  const tenant = cache.forTenant(call.tenant, execution);
  const { namespace: name = 'plain', key = [] } = call;
  const values = tenant[name];
  const load = (
    of: readonly string[],
    context?: LoaderContext<Made>,
  ): Promise<Made | LoadOutcome<Made>> => loadFrom(env, call.tenant, name, of, context);
  switch (call.op) {
    case 'getOrSet': {
      const made = await values.getOrSet(key, (context) => load(key, context));
      return (seen) => told(made, name, key, seen);
    }
    case 'fresh': {
      const made = await values.getOrSet(key, (context) => load(key, context), { fresh: true });
      return (seen) => told(made, name, key, seen);
    }
    case 'get': {
      const made = await values.get(key, { stale: true });
      return (seen) => told(made, name, key, seen);
    }
    case 'getOrSetMany': {
      const { keys = [] } = call;
      const made = await values.getOrSetMany(keys, (missing) =>
        Promise.all(
          missing.map(async (one) => {
            const list = typeof one === 'string' ? one.split(':') : one;
            const loaded = await load(list);
            return 'pad' in loaded ? loaded : undefined;
          }),
        ),
      );
      return (seen) => keys.map((one, at) => told(made[at], name, one, seen));
    }
    case 'set': {
      if (!call.value) throw new Error('There is no value to set.');
      const result = await values.set(key, call.value);
      return () => result;
    }
    case 'setStamped': {
      const stamp = await tenant.stamp();
      const made = await fetchMade(env, call.tenant, name, key, { 'x-torture-purpose': 'write' });
      if (!made.ok) throw new Error(`The origin answered ${made.status}.`);
      const value = await made.json<Made>();
      const result = await values.set(key, value, { stamp });
      return () => ({ ...result, load: value.load });
    }
    case 'delete':
      await values.delete(key);
      return () => ({ done: true });
    case 'touch': {
      const result = await values.touch(key);
      return () => result;
    }
    case 'purge':
      return finished(tenant.purge(call.targets ?? {}, { mode: call.mode ?? 'hard' }));
    case 'purgeEverything':
      return finished(cache.purgeEverything());
    case 'flood':
      return finished(flood(cache, call, execution));
    default:
      throw new Error(`There is no operation '${call.op}'.`);
  }
}

async function finished(work: Promise<unknown>): Promise<Answer> {
  const result = await work;
  return () => result;
}

/** More marks than a ledger keeps: of keys, of tags, or by writing values. */
async function flood(
  cache: Cache,
  { tenant: id, count = 0, label = '', op: _op, mode: _mode, ...call }: Call,
  execution: ExecutionContext,
): Promise<{ marks: number }> {
  const tenant = cache.forTenant(id, execution);
  const kind = call.key?.[0] ?? 'keys';
  const size = kind === 'sets' ? 500 : 1000;
  for (let from = 0; from < count; from += size) {
    const names = Array.from(
      { length: Math.min(size, count - from) },
      (_, at) => `${label}-${from + at}`,
    );
    if (kind === 'tags') await tenant.purge({ tags: names });
    else if (kind === 'sets') {
      const value = { load: -1, resource: '', etag: '', tags: [], pad: '' };
      await tenant.plain.setMany(names.map((name) => [['flood', name], value]));
    } else await tenant.plain.purge({ keys: names.map((name) => ['flood', name]) });
  }
  return { marks: count };
}

async function loadFrom(
  env: Environment,
  tenant: string,
  name: string,
  key: readonly string[],
  context: LoaderContext<Made> | undefined,
): Promise<Made | LoadOutcome<Made>> {
  const held = context?.stale?.value.etag;
  const headers = held === undefined ? {} : { 'if-none-match': held };
  const response = await fetchMade(env, tenant, name, key, headers, context?.signal);
  if (response.status === 304 && context) return context.notModified();
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`The origin answered ${response.status}.`);
  }
  return response.json<Made>();
}

function fetchMade(
  env: Environment,
  tenant: string,
  name: string,
  key: readonly string[],
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Response> {
  const path = ['-', tenant, name, ...key].map(encodeURIComponent).join('/');
  return fetch(`${env.TORTURE_ORIGIN}/${path}`, { headers, ...(signal && { signal }) });
}

/** What a reader was told: the value's load, and where it came from. */
function told(
  made: Made | undefined,
  name: string,
  key: readonly string[],
  seen: ReadonlyMap<string, Seen>,
): unknown {
  const { hit, stale, loaded, unavailable } = seen.get(['n', name, ...key].join(':')) ?? {};
  return {
    load: made?.load,
    resource: made?.resource,
    serving: hit ? 'hit' : stale !== undefined ? 'stale' : loaded ? 'loaded' : 'joined',
    tier: hit?.tier ?? stale,
    flagged: hit ? !hit.verified : unavailable === true,
  };
}
