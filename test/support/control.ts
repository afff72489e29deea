import { inject } from 'vitest';

/** What the control server answers when it has opened an endpoint. */
export interface OpenedEndpoint {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  /** Which Redis is behind it, in words. */
  readonly redis: string;
}

/** What the endpoint has seen since it was opened or reset; control requests are never counted. */
export interface EndpointCounts {
  readonly requests: number;
  readonly commands: number;
  readonly byCommand: Readonly<Record<string, number>>;
}

/** How the endpoint is to misbehave; see dev/endpoint/. */
export interface EndpointFaults {
  readonly delayMs?: number;
  readonly status?: number;
  readonly reset?: true;
  readonly hang?: true;
  readonly truncate?: true;
  readonly body?: string;
  readonly contentType?: string;
  readonly times?: number;
  readonly match?: string;
}

/** An HTTP endpoint of Redis that belongs to one test file: nobody else's requests are in its counters. */
export interface TestEndpoint extends OpenedEndpoint {
  counts(): Promise<EndpointCounts>;
  resetCounts(): Promise<void>;
  setFaults(faults: EndpointFaults): Promise<void>;
  clearFaults(): Promise<void>;
  /** The network between the endpoint and Redis: `paused` holds every byte, `cut` resets every connection. */
  link(state: 'open' | 'paused' | 'cut'): Promise<void>;
  /** Sends one command, past the client under test; for setting the scene and for looking at what is stored. */
  command(...words: readonly (string | number)[]): Promise<unknown>;
  /** Deletes everything in this Redis. Test files of this project run one at a time, so the shared one may be flushed. */
  flush(): Promise<void>;
  /** Ends the Redis process and starts another, empty one. Only with `redis: 'own'`. */
  restartRedis(): Promise<void>;
  close(): Promise<void>;
}

/** Opens an endpoint on the shared Redis, or with `redis: 'own'` on a Redis process of its own. Close it in afterAll. */
export async function openEndpoint(
  options: { readonly redis?: 'shared' | 'own' } = {},
): Promise<TestEndpoint> {
  const opened = (await callControl('POST', '/endpoint', options)) as OpenedEndpoint;
  const { id, url, token } = opened;
  const ask = (method: string, path: string, body?: unknown): Promise<unknown> =>
    request(method, `${url}${path}`, token, body);
  const command = async (...words: readonly (string | number)[]): Promise<unknown> => {
    const answer = (await ask('POST', '/', words)) as { readonly result: unknown };
    return answer.result;
  };
  return {
    ...opened,
    command,
    async counts() {
      return (await ask('GET', '/_/counts')) as EndpointCounts;
    },
    async resetCounts() {
      await ask('DELETE', '/_/counts');
    },
    async setFaults(faults) {
      await ask('PUT', '/_/faults', faults);
    },
    async clearFaults() {
      await ask('DELETE', '/_/faults');
    },
    async link(state) {
      await callControl('POST', `/endpoint/${id}/link`, { state });
    },
    async flush() {
      await command('FLUSHALL');
    },
    async restartRedis() {
      await callControl('POST', `/endpoint/${id}/restart`);
    },
    async close() {
      await callControl('DELETE', `/endpoint/${id}`);
    },
  };
}

/** One call of the control server; other support files build on it. */
export function callControl(method: string, path: string, body?: unknown): Promise<unknown> {
  return request(method, `${inject('controlUrl')}${path}`, inject('controlToken'), body);
}

async function request(
  method: string,
  url: string,
  token: string,
  body: unknown,
): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
