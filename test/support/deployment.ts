import {
  createExecutionContext,
  createScheduledController,
  waitOnExecutionContext,
} from 'cloudflare:test';
import { parseList, Token } from 'structured-headers';
import { inject } from 'vitest';
import worker from '../../src/worker.ts';

/** A response, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Our own member of `Cache-Status`, parsed by RFC 9211; undefined when there is none. */
  readonly cacheStatus: Readonly<Record<string, unknown>> | undefined;
  json(): unknown;
}

/** A response whose body is still to be read. */
export interface OpenAnswer {
  readonly response: Response;
  /** Resolves when what the answer left for after the response has ended. */
  readonly settled: () => Promise<void>;
}

/** What a request has besides method and path. */
export interface Sent {
  /** As pairs where a name is on several lines. */
  readonly headers?: Record<string, string> | readonly (readonly [string, string])[];
  readonly body?: string;
}

/** One isolate: memory and views of its own. The Cache API and Redis are shared with the others. */
export interface Isolate {
  /** Asks, reads the answer, and waits for what it left for after the response. A path is one of the tenant's first host. */
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, path: string, init?: Sent): Promise<Answer>;
  /** As {@link get}, but does not wait for what the answer leaves behind. */
  ask(path: string): Promise<Answer>;
  /** Asks, and leaves the body to be read. */
  open(path: string, headers?: Record<string, string>): Promise<OpenAnswer>;
  purge(body: unknown): Promise<Answer>;
  /** The cron trigger, with everything that it leaves behind. */
  scheduled(at?: number): Promise<void>;
}

/** A deployment with one tenant, on names that no other test uses: nothing needs to be cleared between tests. */
export interface Deployment {
  readonly tenant: string;
  readonly host: string;
  /** A token that may do everything on this tenant. */
  readonly token: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** A new isolate of the deployment, as after a restart: nothing in memory, no view. */
  readonly isolate: (overrides?: Readonly<Record<string, unknown>>) => Isolate;
}

export interface DeploymentOptions {
  /** Default: the demo origin. */
  readonly origin?: string;
  /** Which endpoint of Redis. Default: the shared one. */
  readonly redis?: { readonly url: string; readonly token: string };
  readonly warm?: readonly string[];
  /** Further fields of the tenant's policy. */
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, unknown>>;
}

let lastNumber = 0;
const run = crypto.randomUUID().slice(0, 8);

/** Makes a deployment. Preset `development`: purges are seen within a second, Redis may take one. */
export async function deploy(options: DeploymentOptions = {}): Promise<Deployment> {
  lastNumber += 1;
  const tenant = `t${run}-${lastNumber}`;
  const host = `${tenant}.test`;
  const token = crypto.randomUUID();
  const redis = options.redis ?? {
    url: inject('redisRestUrl'),
    token: inject('redisRestToken'),
  };
  const variables = {
    CACHE_PRESET: 'development',
    CACHE_LOG_LEVEL: 'warn',
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    TENANTS: JSON.stringify([
      {
        id: tenant,
        hosts: [host],
        origin: options.origin ?? inject('originUrl'),
        ...(options.warm ? { warm: { paths: options.warm } } : {}),
        ...options.policy,
      },
    ]),
    CREDENTIALS: JSON.stringify([
      { id: 'test', sha256: await sha256(token), tenant, scopes: ['purge', 'stats', 'inspect'] },
    ]),
    ...options.variables,
  };
  return {
    tenant,
    host,
    token,
    variables,
    isolate: (overrides = {}) => isolate({ ...variables, ...overrides }, host, token),
  };
}

/** The digest that CREDENTIALS holds of a token. */
export async function sha256(text: string): Promise<string> {
  return new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)),
  ).toHex();
}

/** An isolate with exactly these variables. `host` and `token` are what its requests are sent with. */
export function isolate(
  variables: Readonly<Record<string, unknown>>,
  host: string,
  token: string,
): Isolate {
  // The Worker keeps its service by the identity of this object, as it does in an isolate of the platform.
  const env = { ...variables };
  const start = async (method: string, path: string, init: Sent) => {
    const url = path.startsWith('/') ? `https://${host}${path}` : path;
    const request = new Request<unknown, IncomingRequestCfProperties>(url, {
      redirect: 'manual',
      ...init,
      method,
    });
    const execution = createExecutionContext();
    return { response: await worker.fetch(request, env, execution), execution };
  };
  const startAndRead = async (method: string, path: string, init: Sent) => {
    const { response, execution } = await start(method, path, init);
    const text = await response.text();
    const answer: Answer = {
      status: response.status,
      headers: response.headers,
      text,
      cacheStatus: parseCacheStatus(response.headers.get('cache-status')),
      json: () => JSON.parse(text) as unknown,
    };
    return { answer, execution };
  };
  const send = async (method: string, path: string, init: Sent = {}): Promise<Answer> => {
    const { answer, execution } = await startAndRead(method, path, init);
    await waitOnExecutionContext(execution);
    return answer;
  };
  return {
    send,
    ask: async (path) => (await startAndRead('GET', path, {})).answer,
    async open(path, headers = {}) {
      const { response, execution } = await start('GET', path, { headers });
      return { response, settled: () => waitOnExecutionContext(execution) };
    },
    get: (path, headers = {}) => send('GET', path, { headers }),
    purge: (body) =>
      send('POST', '/_tiercel/v1/purge', {
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async scheduled(at = Date.now()) {
      const execution = createExecutionContext();
      const controller = createScheduledController({ scheduledTime: new Date(at), cron: '' });
      await worker.scheduled(controller, env, execution);
      await waitOnExecutionContext(execution);
    },
  };
}

/** The member of `Cache-Status` that is ours, the last of the list. Its parameters by name; tokens as text. */
function parseCacheStatus(field: string | null): Record<string, unknown> | undefined {
  if (field === null) return undefined;
  const [name, parameters] = parseList(field).at(-1) ?? [];
  if (!(name instanceof Token) || name.toString() !== 'Tiercel' || !parameters) return undefined;
  return Object.fromEntries(
    [...parameters].map(([key, value]) => [key, value instanceof Token ? value.toString() : value]),
  );
}
