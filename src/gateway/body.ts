import { OriginError } from '../errors.ts';

/** A body that was read to its end, or one that turned out too large and goes on as a stream, its beginning included. */
export type BoundedBody =
  | { readonly whole: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly whole: false;
      readonly reason: 'too-large' | 'too-slow';
      readonly stream: ReadableStream<Uint8Array>;
    };

/**
 * Reads a body up to `limit` bytes, as long as `late` has not resolved: a client does not wait for a slow body to end
 * only because it might be stored. Rejects with {@link OriginError} when it breaks off, or has another length than
 * `Content-Length` says: a truncated body must never be stored.
 */
export async function readBounded(
  response: Response,
  limit: number,
  late: Promise<void>,
): Promise<BoundedBody> {
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (!body) return { whole: true, bytes: new Uint8Array(0) };
  const declared = declaredLength(response);
  if (declared !== undefined && declared > limit)
    return { whole: false, reason: 'too-large', stream: body };
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const next = read(reader);
    const result = await Promise.race([next, late]);
    if (!result) return { whole: false, reason: 'too-slow', stream: resume(chunks, reader, next) };
    const { done, value } = result;
    if (done) break;
    chunks.push(value);
    length += value.byteLength;
    if (length > limit)
      return { whole: false, reason: 'too-large', stream: resume(chunks, reader, undefined) };
  }
  if (declared !== undefined && declared !== length) {
    throw new OriginError(
      'origin_invalid',
      `The origin announced ${declared} bytes and sent ${length}.`,
    );
  }
  return { whole: true, bytes: concat(chunks, length) };
}

async function read(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (cause) {
    throw new OriginError('origin_invalid', "The origin's body broke off.", { cause });
  }
}

/** `Content-Length`, where it counts the bytes that are read here: the runtime decodes content codings. */
function declaredLength(response: Response): number | undefined {
  const length = response.headers.get('content-length');
  if (length === null || !/^[0-9]+$/.test(length) || response.headers.has('content-encoding'))
    return undefined;
  return Number(length);
}

/** What was read already, then a read that is under way, then the rest. */
function resume(
  chunks: readonly Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
  underWay: Promise<ReadableStreamReadResult<Uint8Array>> | undefined,
): ReadableStream<Uint8Array> {
  const held = [...chunks];
  let next = underWay;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = held.shift();
      if (chunk) {
        controller.enqueue(chunk);
        return;
      }
      const { done, value } = await (next ?? reader.read());
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
