import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { maxBodyBytes, readBody } from './body.ts';
import type { RespConnection } from './connection.ts';
import { control } from './control.ts';
import { Counters } from './counters.ts';
import { type Answer, execute } from './execute.ts';
import { type Fault, Faults } from './faults.ts';
import { BadRequest, parseRequest, type RestRequest } from './protocol.ts';
import { commandName } from './refusals.ts';
import { errorEnvelope } from './reply-json.ts';
import { respond, respondTruncated } from './respond.ts';
import { ScriptFlags } from './script-flags.ts';
import { tokenCheck } from './token.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Makes the function that answers one HTTP request: who asks, what for, does a fault hit it, run it. */
export function createHandler(redis: RespConnection, token: string): Handler {
  const counters = new Counters();
  const faults = new Faults();
  const scripts = new ScriptFlags();
  const isAllowed = tokenCheck(token);
  let answered = 0;

  return async (request, response) => {
    const { path, query } = splitTarget(request.url ?? '/');
    const isControl = path.startsWith('/_/');
    if (!isControl) counters.request();
    const body = await readBody(request);
    if (!isAllowed(request.headers, query)) {
      respond(response, { status: 401, body: errorEnvelope('Unauthorized') });
      return;
    }
    if (body === 'too-large') {
      const message = `ERR max request size exceeded. Limit: ${maxBodyBytes} bytes.`;
      respond(response, { status: 413, body: errorEnvelope(message) }, { closing: true });
      return;
    }
    const method = request.method ?? '';
    if (isControl) {
      respond(response, control(method, path, body, counters, faults));
      return;
    }

    const parsed = parse(method, path, query, body);
    const names = parsed instanceof BadRequest ? [] : parsed.commands.map(commandName);
    counters.commands(names);
    const fault = faults.take(names);
    if (fault !== undefined && (await hit(fault, request, response))) return;

    // The SDK sends back the token it got last, so that a replica can catch up with it first; there are
    // no replicas here.
    response.setHeader('upstash-sync-token', String(++answered));
    const encoding = request.headers['upstash-encoding'] === 'base64' ? 'base64' : 'text';
    const answer: Answer =
      parsed instanceof BadRequest
        ? { status: parsed.status, body: errorEnvelope(parsed.message) }
        : await execute(parsed, redis, scripts, encoding);
    if (fault?.truncate === true) respondTruncated(response, answer);
    else respond(response, answer);
  };
}

/** Path and query apart. The path stays encoded, as a %2F in it is not a separator. */
function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  return mark === -1
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

function parse(
  method: string,
  path: string,
  query: URLSearchParams,
  body: Buffer,
): RestRequest | BadRequest {
  try {
    return parseRequest(method, path, query, body);
  } catch (error) {
    if (error instanceof BadRequest) return error;
    throw error;
  }
}

/** Lets the fault happen; true when that was all that happens to the request. */
async function hit(
  fault: Fault,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (fault.delayMs !== undefined) {
    // A wait must not keep the process alive after the endpoint was stopped.
    await sleep(fault.delayMs, undefined, { ref: false });
    if (response.destroyed) return true;
  }
  if (fault.hang === true) return true;
  if (fault.reset === true) {
    request.socket.resetAndDestroy();
    return true;
  }
  if (fault.status === undefined && fault.body === undefined) return false;
  const status = fault.status ?? 200;
  const body = fault.body ?? errorEnvelope(`ERR injected fault: status ${status}`);
  respond(
    response,
    { status, body },
    fault.contentType === undefined ? {} : { contentType: fault.contentType },
  );
  return true;
}
