import type { Command } from './resp.ts';

/** What one HTTP request asks for. */
export interface RestRequest {
  readonly shape: 'command' | 'pipeline' | 'transaction';
  readonly commands: readonly Command[];
}

/** The request is not of this protocol; it is answered with `status` and the message. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  readonly status: 400 | 405;

  constructor(status: 400 | 405, message: string) {
    super(message);
    this.status = status;
  }
}

const batches = { '/pipeline': 'pipeline', '/multi-exec': 'transaction' } as const;

/**
 * Reads the commands out of an HTTP request.
 *
 * - `POST /`: one command, a JSON array.
 * - `POST /pipeline`, `POST /multi-exec`: a JSON array of such arrays.
 * - any other path is the command itself: `/set/key/value?EX=10`. A body is the next argument, as raw
 *   bytes, and the query parameters follow it, so that `POST /set/key?EX=10` sets the key to the body.
 *
 * JSON arguments are strings, numbers and booleans; numbers are written as JavaScript writes them.
 * @throws BadRequest
 */
export function parseRequest(
  method: string,
  path: string,
  query: URLSearchParams,
  body: Buffer,
): RestRequest {
  const isBatch = path === '/pipeline' || path === '/multi-exec';
  const allowed = isBatch || path === '/' ? ['POST', 'PUT'] : ['GET', 'HEAD', 'POST', 'PUT'];
  if (!allowed.includes(method)) {
    throw new BadRequest(405, `ERR ${method} ${path} is not allowed, only ${allowed.join(', ')}.`);
  }
  if (isBatch) return { shape: batches[path], commands: readBatch(parseJson(body)) };
  if (path === '/') return { shape: 'command', commands: [readCommand(parseJson(body), 'body')] };
  return { shape: 'command', commands: [readPath(path, query, body)] };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new BadRequest(400, 'ERR failed to parse the request: the body is not JSON.');
  }
}

function readBatch(value: unknown): Command[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new BadRequest(
      400,
      'ERR failed to parse the request: the body is not a list of commands.',
    );
  }
  return value.map((item: unknown, index) => readCommand(item, `command ${index + 1}`));
}

function readCommand(value: unknown, what: string): Command {
  if (!Array.isArray(value) || value.length === 0) {
    throw new BadRequest(
      400,
      `ERR failed to parse the request: the ${what} is not a command array.`,
    );
  }
  return value.map((argument: unknown, index) => {
    if (typeof argument === 'string') return argument;
    if (typeof argument === 'number' || typeof argument === 'boolean') return String(argument);
    throw new BadRequest(
      400,
      `ERR failed to parse the request: argument ${index} of the ${what} is not a string, number or boolean.`,
    );
  });
}

function readPath(path: string, query: URLSearchParams, body: Buffer): Command {
  const command: (string | Buffer)[] = path.slice(1).split('/').map(decodeSegment);
  if (body.length > 0) command.push(body);
  for (const [name, value] of query) {
    if (name === '_token') continue;
    command.push(name);
    // `?NX` is an option without a value.
    if (value !== '') command.push(value);
  }
  return command;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new BadRequest(400, `ERR failed to parse the request: "${segment}" is not URL-encoded.`);
  }
}
