import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './problems.ts';

/** Far above any body this origin takes. */
const maxBytes = 16 * 1024;

/** @throws HttpProblem 415 for another content type, 413 above 16 KiB, 400 for what is not JSON */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && type !== 'application/merge-patch+json') {
    throw new HttpProblem(415, `The body must be application/json, not "${type}".`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      // The rest of the body is not read, so the connection cannot be used again.
      throw new HttpProblem(413, `The body is larger than ${maxBytes} bytes.`, {
        Connection: 'close',
      });
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpProblem(400, 'The body is not valid JSON.');
  }
}

/** The body as an object that has none but the known fields. @throws HttpProblem 400 */
export function objectWith(body: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpProblem(400, `The body must be a JSON object with ${known.join(', ')}.`);
  }
  const unknown = Object.keys(body).find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new HttpProblem(
      400,
      `"${unknown}" is not a field that can be set; these are: ${known.join(', ')}.`,
    );
  }
  return body as Record<string, unknown>;
}
