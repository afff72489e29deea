import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ScriptedAnswer, SeenRequest } from '../support/origin.ts';

/** An origin whose every answer a test decides, and which holds answers back until it is told to go on. */
export interface ScriptedOrigin {
  readonly url: string;
  script(answer: ScriptedAnswer): void;
  /** Puts these in place of all that is scripted for the target. */
  rescript(target: string, answers: readonly Omit<ScriptedAnswer, 'target'>[]): void;
  /** Requests for the target are counted and then wait. */
  hold(target: string): void;
  /** Lets what waits go on, and later requests too. The answer is made now, not when the request came. */
  release(target: string): void;
  /** Lets the first `count` of what waits go on; all others, and later ones, keep waiting. */
  pass(target: string, count: number): void;
  seen(): readonly SeenRequest[];
  stop(): Promise<void>;
}

/** Starts a scripted origin on a free loopback port. */
export async function startScriptedOrigin(): Promise<ScriptedOrigin> {
  const answers = new Map<string, ScriptedAnswer>();
  const held = new Map<string, (() => void)[]>();
  /** Bodies of which a part has been sent. */
  const begun = new Map<string, (() => void)[]>();
  const seen: SeenRequest[] = [];
  let served = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: target = '/' } = request;
    const body = await readText(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const at = seen.push({ method, target, headers, body }) - 1;
    const waiting = held.get(target);
    if (waiting) await new Promise<void>((resolve) => void waiting.push(resolve));
    served += 1;
    const own = Object.keys(headers).find((name) => answers.has(named(target, name)));
    const scripted = answers.get(named(target, own)) ?? { target };
    const answer = { ...scripted, ...echoed(headers, scripted) };
    if (answer.drop === true) {
      request.socket.resetAndDestroy();
      return;
    }
    const condition = (method === 'GET' || method === 'HEAD') && answer.notModified;
    if (condition && isNotModified(headers, answer.headers ?? [])) {
      const echo = echoed(headers, { headers: condition, echo: scripted.echo });
      send(response, method, { target, status: 304, headers: condition, ...echo }, served);
    } else {
      const rest = send(response, method, answer, served);
      if (rest) begun.set(target, [...(begun.get(target) ?? []), () => void response.end(rest)]);
    }
    seen[at] = { method, target, headers, body, answered: response.statusCode };
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
    rescript(target, instead) {
      for (const [name, answer] of answers) if (answer.target === target) answers.delete(name);
      for (const answer of instead) answers.set(named(target, answer.to), { ...answer, target });
    },
    hold: (target) => void held.set(target, held.get(target) ?? []),
    release(target) {
      const waiting = held.get(target) ?? [];
      held.delete(target);
      for (const resume of [...waiting, ...(begun.get(target) ?? [])]) resume();
      begun.delete(target);
    },
    pass(target, count) {
      for (const resume of held.get(target)?.splice(0, count) ?? []) resume();
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

/** What of an answer repeats the request. */
function echoed(
  request: Readonly<Record<string, string>>,
  {
    headers = [],
    echo,
  }: { readonly headers?: ScriptedAnswer['headers']; readonly echo?: number | undefined },
): Pick<ScriptedAnswer, 'headers' | 'body'> {
  if (echo === undefined) return {};
  const lines = Object.entries(request).map(([name, value]) => `${name}: ${value}`);
  return {
    headers: [...headers, ['x-echo', lines.join(' | ')]],
    body: lines.join('\n').padEnd(echo).slice(0, echo),
  };
}

/** Sends an answer. What is left of its body, where it is to be held back. */
function send(
  response: ServerResponse,
  method: string,
  answer: ScriptedAnswer,
  served: number,
): Buffer | undefined {
  const body =
    answer.bytes === undefined
      ? Buffer.from(answer.body ?? JSON.stringify({ target: answer.target, served }))
      : Buffer.from(answer.bytes, 'base64');
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
  const chunked = answer.chunked === true || answer.chunkBytes !== undefined;
  if (!bodiless && !chunked) response.setHeader('content-length', body.byteLength);
  if (answer.breakAfter !== undefined) {
    response.write(body.subarray(0, answer.breakAfter), () => response.destroy());
    return undefined;
  }
  if (answer.holdAfter !== undefined) {
    response.write(body.subarray(0, answer.holdAfter));
    return body.subarray(answer.holdAfter);
  }
  if (answer.chunkBytes !== undefined) {
    for (let at = 0; at < body.length; at += answer.chunkBytes)
      response.write(body.subarray(at, at + answer.chunkBytes));
    response.end();
    return undefined;
  }
  if (answer.chunked === true) {
    const half = Math.ceil(body.length / 2);
    response.write(body.subarray(0, half), () => response.end(body.subarray(half)));
    return undefined;
  }
  response.end(method === 'HEAD' ? undefined : body);
  return undefined;
}

/** Whether the conditions of a request hold against what an answer would say of itself (RFC 9110, section 13.2.2). */
function isNotModified(
  request: Readonly<Record<string, string>>,
  answer: readonly (readonly [string, string])[],
): boolean {
  const field = (name: string): string | undefined =>
    answer.find(([one]) => one.toLowerCase() === name)?.[1];
  const tags = request['if-none-match'];
  const etag = field('etag');
  if (tags !== undefined) {
    const bare = (tag: string): string => tag.trim().replace(/^W\//, '');
    return etag !== undefined && tags.split(',').some((tag) => bare(tag) === bare(etag));
  }
  const since = Date.parse(request['if-modified-since'] ?? '');
  return since >= Date.parse(field('last-modified') ?? '');
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
