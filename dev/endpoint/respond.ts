import type { ServerResponse } from 'node:http';
import type { Answer } from './execute.ts';

/** Sends a JSON answer; `closing` ends the connection after it. */
export function respond(
  response: ServerResponse,
  answer: Answer,
  options: { contentType?: string; closing?: boolean } = {},
): void {
  writeHead(response, answer, options);
  response.end(answer.body);
}

/** Sends the head and the first half of the body, then ends the connection. */
export function respondTruncated(response: ServerResponse, answer: Answer): void {
  writeHead(response, answer);
  const bytes = Buffer.from(answer.body);
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  // Not before the bytes have been handed over: destroying the socket would drop them.
  response.write(half, () => response.socket?.destroy());
}

function writeHead(
  response: ServerResponse,
  answer: Answer,
  options: { contentType?: string; closing?: boolean } = {},
): void {
  response.writeHead(answer.status, {
    'content-type': options.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(answer.body),
    ...(options.closing === true && { connection: 'close' }),
  });
}
