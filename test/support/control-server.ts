import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startEndpoint } from '../../dev/endpoint/server.ts';
import type { Endpoint } from '../../dev/endpoint/server.ts';
import { startRedis } from '../../dev/redis/redis.ts';
import type { RedisServer } from '../../dev/redis/redis.ts';
import { startScriptedOrigin } from '../dev/scripted-origin.ts';
import type { ScriptedOrigin } from '../dev/scripted-origin.ts';
import type { OpenedEndpoint } from './control.ts';
import type { ScriptedAnswer } from './origin.ts';
import { openLink } from './redis-link.ts';
import type { LinkState, RedisLink } from './redis-link.ts';

/** The part of the test support that needs Node: code in workerd asks it for endpoints and faults over loopback. */
export interface ControlServer {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

interface Opened {
  readonly endpoint: Endpoint;
  readonly link: RedisLink;
  /** Set when the endpoint has a Redis of its own, which a test may stop and start. */
  own: RedisServer | undefined;
}

/** A scripted origin, and the network in front of it. */
interface LinkedOrigin {
  readonly origin: ScriptedOrigin;
  readonly link: RedisLink;
}

/** Thrown for a request that a test got wrong. */
class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Starts the control server on a free loopback port.
 * `redis` is the shared server; `choice` is what an endpoint with its own Redis starts (never a URL: that one is not ours).
 */
export async function startControlServer(
  redis: RedisServer,
  choice: string,
): Promise<ControlServer> {
  const token = randomBytes(24).toString('hex');
  const opened = new Map<string, Opened>();
  const origins = new Map<string, LinkedOrigin>();
  let lastId = 0;

  async function open(options: unknown): Promise<OpenedEndpoint> {
    const kind = field(options, 'redis') ?? 'shared';
    if (kind !== 'shared' && kind !== 'own') {
      throw new BadRequest(400, `redis is ${JSON.stringify(kind)}; it is "shared" or "own".`);
    }
    const own = kind === 'own' ? await startRedis(choice, { env: withoutRedisUrl() }) : undefined;
    const link = await openLink((own ?? redis).connection);
    const endpointToken = randomBytes(24).toString('hex');
    const endpoint = await startEndpoint({ redis: link.connection, token: endpointToken });
    const id = String(++lastId);
    opened.set(id, { endpoint, link, own });
    return { id, url: endpoint.url, token: endpointToken, redis: (own ?? redis).description };
  }

  async function close(id: string): Promise<void> {
    const { endpoint, link, own } = find(id);
    opened.delete(id);
    await endpoint.stop();
    await link.close();
    await own?.stop();
  }

  function find(id: string): Opened {
    const found = opened.get(id);
    if (found === undefined) throw new BadRequest(404, `There is no endpoint ${id}.`);
    return found;
  }

  async function restart(id: string): Promise<void> {
    const found = find(id);
    if (found.own === undefined) {
      throw new BadRequest(
        409,
        `Endpoint ${id} is on the shared Redis; open it with redis: "own" to restart.`,
      );
    }
    await found.own.stop();
    found.own = await startRedis(choice, { env: withoutRedisUrl() });
    found.link.retarget(found.own.connection);
  }

  async function openOrigin(): Promise<{ id: string; url: string }> {
    const origin = await startScriptedOrigin();
    const { hostname, port } = new URL(origin.url);
    const link = await openLink({ host: hostname, port: Number(port) });
    const id = String(++lastId);
    origins.set(id, { origin, link });
    return { id, url: `http://${link.connection.host}:${link.connection.port}` };
  }

  function findOrigin(id: string): LinkedOrigin {
    const found = origins.get(id);
    if (found === undefined) throw new BadRequest(404, `There is no origin ${id}.`);
    return found;
  }

  async function route(request: IncomingMessage): Promise<unknown> {
    const [, kind = '', id = '', action = ''] = (request.url ?? '').split('/');
    const what = `${request.method} ${action === '' ? kind : action}`;
    const body = await readJson(request);
    if (what === 'POST endpoint') return open(body);
    if (what === 'DELETE endpoint') return close(id);
    if (what === 'POST link') {
      const { link } = kind === 'origin' ? findOrigin(id) : find(id);
      return link.set(linkState(field(body, 'state')));
    }
    if (what === 'POST restart') return restart(id);
    if (what === 'POST origin') return openOrigin();
    if (what === 'POST script') return findOrigin(id).origin.script(body as ScriptedAnswer);
    if (what === 'POST rescript') {
      const answers = field(body, 'answers') as readonly Omit<ScriptedAnswer, 'target'>[];
      return findOrigin(id).origin.rescript(String(field(body, 'target')), answers);
    }
    if (what === 'POST hold') return findOrigin(id).origin.hold(String(field(body, 'target')));
    if (what === 'POST release')
      return findOrigin(id).origin.release(String(field(body, 'target')));
    if (what === 'POST pass') {
      const { origin } = findOrigin(id);
      return origin.pass(String(field(body, 'target')), Number(field(body, 'count')));
    }
    if (what === 'POST seen') {
      const target = field(body, 'target');
      const seen = findOrigin(id).origin.seen();
      return { seen: seen.filter((one) => target === undefined || one.target === target) };
    }
    throw new BadRequest(404, `The control server has no route ${request.method} ${request.url}.`);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!authorised(request, token))
        throw new BadRequest(401, 'The control token is missing or wrong.');
      send(response, 200, (await route(request)) ?? {});
    } catch (error) {
      const status = error instanceof BadRequest ? error.status : 500;
      send(response, status, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      for (const id of opened.keys()) await close(id);
      for (const { origin, link } of origins.values()) {
        await link.close();
        await origin.stop();
      }
    },
  };
}

/** With REDIS_URL set, `auto` would mean that very server again: an own Redis is always a process of ours. */
function withoutRedisUrl(): NodeJS.ProcessEnv {
  const { REDIS_URL: _, ...rest } = process.env;
  return rest;
}

function authorised(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === '' ? {} : (JSON.parse(text) as unknown);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function linkState(value: unknown): LinkState {
  if (value === 'open' || value === 'paused' || value === 'cut') return value;
  throw new BadRequest(400, `state is ${JSON.stringify(value)}; it is "open", "paused" or "cut".`);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}
