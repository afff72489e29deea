import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTakenAway } from '../../src/gateway/request-headers.ts';
import { cleanAnswer } from './clean-answer.ts';
import { cleanPages } from './clean-pages.ts';
import { type Finding, ORIGIN_MARK } from './checks.ts';
import { hostileAnswer } from './hostile-answer.ts';
import type { OriginAnswer } from './origin-answer.ts';
import type { OriginRequest } from './origin-request.ts';
import type { FuzzTenant } from './tenants.ts';

/** One tenant's own server. */
export interface FuzzOrigin {
  readonly url: string;
  readonly requests: () => number;
  stop(): Promise<void>;
}

const MAX_HEAD = 1_048_576;

/** Starts it on a free port of 127.0.0.1. @param onFinding hears of requests that should never have come */
export async function startFuzzOrigin(
  tenant: FuzzTenant,
  onFinding: (finding: Finding) => void,
): Promise<FuzzOrigin> {
  let requests = 0;
  let visits = 0;
  const pages = new Map(cleanPages(tenant).map((page) => [page.path, page]));
  const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests += 1;
    const request = await received(message, requests);
    const wrong = wrongWith(tenant, request);
    if (wrong !== undefined) onFinding({ invariant: 'origin-saw', detail: wrong });
    const page = pages.get(request.target);
    const made = page ? cleanAnswer(page, request) : hostileAnswer(tenant, request);
    if (made.delayMs !== undefined) await sleep(made.delayMs);
    send(tenant, request.method, made, response, () => (visits += 1));
  };
  const server = createServer({ maxHeaderSize: MAX_HEAD }, (message, response) => {
    answer(message, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function received(message: IncomingMessage, number: number): Promise<OriginRequest> {
  const chunks: Buffer[] = [];
  try {
    for await (const part of message) chunks.push(part as Buffer);
  } catch {
    // A client that breaks off breaks the gateway's request off as well.
  }
  const { rawHeaders } = message;
  return {
    method: message.method ?? '',
    target: message.url ?? '',
    fields: Array.from({ length: rawHeaders.length / 2 }, (_, at) => [
      rawHeaders[at * 2] ?? '',
      rawHeaders[at * 2 + 1] ?? '',
    ]),
    body: Buffer.concat(chunks).toString('latin1'),
    number,
  };
}

/** What the gateway itself says to an origin. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-for',
  'cf-worker',
]);

/** What no origin must ever be sent: another tenant's request, what is the gateway's own, a name that is taken away. */
export function wrongWith(tenant: FuzzTenant, request: OriginRequest): string | undefined {
  const { method, target, fields } = request;
  const said = fields
    .filter(([name]) => name.toLowerCase() === 'x-forwarded-host')
    .map(([, value]) => value);
  const host = said[0]?.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  if (said.length !== 1 || host === undefined || !tenant.hosts.includes(host))
    return `The origin of '${tenant.id}' was asked for the host ${JSON.stringify(said.join(', '))}.`;
  if (target.startsWith('/_tiercel/'))
    return `The origin was sent ${method} ${target.slice(0, 80)}, which is the gateway's own.`;
  if (method === 'PURGE' || method === 'BAN') return `The origin was sent a ${method}.`;
  const taken = fields.find(
    ([name]) => isTakenAway(name.toLowerCase()) && !OWN_FIELDS.has(name.toLowerCase()),
  );
  if (taken) return `The origin was sent the field ${taken[0]}, which no origin is sent.`;
  if ((method === 'GET' || method === 'HEAD') && request.body !== '')
    return `The origin was sent a ${method} with a body.`;
  return undefined;
}

function send(
  tenant: FuzzTenant,
  method: string,
  { status, fields, body, framing = 'length', kind }: OriginAnswer,
  response: ServerResponse,
  nextVisit: () => number,
): void {
  const { socket } = response;
  if (!socket) return;
  if (framing === 'raw') {
    if (body === '') socket.resetAndDestroy();
    else socket.end(Buffer.from(method === 'HEAD' ? headOf(body) : body, 'latin1'));
    return;
  }
  const bodiless = status === 204 || status === 304;
  const lines = [...fields, [ORIGIN_MARK, `${tenant.secret} ${kind}`] as const].map(
    ([name, value]) => `${name}: ${value.replace('visit=NEXT', () => `visit=${nextVisit()}`)}\r\n`,
  );
  // By hand: what is wrong with a field is what is tested, and Node would refuse to send it.
  const size = bodiless
    ? ''
    : framing === 'chunked'
      ? 'transfer-encoding: chunked\r\n'
      : `content-length: ${body.length}\r\n`;
  const head = `HTTP/1.1 ${status} Fuzz\r\n${lines.join('')}${size}connection: close\r\n\r\n`;
  const sent =
    bodiless || method === 'HEAD'
      ? ''
      : framing === 'chunked'
        ? `${chunk(body.slice(0, 50))}${chunk(body.slice(50))}0\r\n\r\n`
        : body;
  socket.end(Buffer.from(head + sent, 'latin1'));
}

/** A body behind the answer to a HEAD would be the next answer on the connection. */
function headOf(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? text : text.slice(0, end + 4);
}

function chunk(text: string): string {
  return text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`;
}
