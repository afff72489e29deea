import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ScriptedAnswer, SeenRequest } from '../support/origin.ts';

/** An origin whose every answer a test decides, and which holds answers back until it is told to go on. */
export interface ScriptedOrigin {
  readonly url: string;
  script(answer: ScriptedAnswer): void;
  /** Requests for the target are counted and then wait. */
  hold(target: string): void;
  /** Lets what waits go on, and later requests too. The answer is made now, not when the request came. */
  release(target: string): void;
  seen(): readonly SeenRequest[];
  stop(): Promise<void>;
}

/** Starts a scripted origin on a free loopback port. */
export async function startScriptedOrigin(): Promise<ScriptedOrigin> {
  const answers = new Map<string, ScriptedAnswer>();
  const held = new Map<string, (() => void)[]>();
  const seen: SeenRequest[] = [];
  let served = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/' } = request;
    const body = await readText(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    seen.push({ method, target, headers, body });
    const waiting = held.get(target);
    if (waiting) await new Promise<void>((resolve) => void waiting.push(resolve));
    served += 1;
    const own = Object.keys(headers).find((name) => answers.has(named(target, name)));
    send(response, method, answers.get(named(target, own)) ?? { target }, served);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    script: (answer) => void answers.set(named(answer.target, answer.to), answer),
    hold: (target) => void held.set(target, held.get(target) ?? []),
    release(target) {
      const waiting = held.get(target) ?? [];
      held.delete(target);
      for (const resume of waiting) resume();
    },
    seen: () => seen,
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What is scripted for a target, or for its requests with a header. */
function named(target: string, header: string | undefined): string {
  return header === undefined ? target : `${target} ${header}`;
}

function send(
  response: ServerResponse,
  method: string,
  answer: ScriptedAnswer,
  served: number,
): void {
  const body = Buffer.from(answer.body ?? JSON.stringify({ target: answer.target, served }));
  // Tests move the clock of the Worker, and a Date by ours would then be an age.
  response.sendDate = false;
  response.statusCode = answer.status ?? 200;
  response.setHeaders(
    new Map(
      grouped(
        answer.headers ?? [
          ['content-type', 'application/json'],
          ['cache-control', 'public, max-age=60'],
        ],
      ),
    ),
  );
  const bodiless = response.statusCode === 204 || response.statusCode === 304;
  if (!bodiless && answer.chunked !== true) response.setHeader('content-length', body.byteLength);
  if (answer.breakAfter !== undefined) {
    response.write(body.subarray(0, answer.breakAfter), () => response.destroy());
    return;
  }
  if (answer.chunked === true) {
    const half = Math.ceil(body.length / 2);
    response.write(body.subarray(0, half), () => response.end(body.subarray(half)));
    return;
  }
  response.end(method === 'HEAD' ? undefined : body);
}

/** Lines of the same name as one list, which Node sends as separate lines. */
function grouped(headers: readonly (readonly [string, string])[]): [string, string[]][] {
  const byName = new Map<string, string[]>();
  for (const [name, value] of headers) byName.set(name, [...(byName.get(name) ?? []), value]);
  return [...byName];
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
