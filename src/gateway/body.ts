import { OriginError } from '../errors.ts';
import { isDecoded } from './content-coding.ts';

/** A body that was read to its end, or why it is not kept: the client gets all of it either way. */
export type WholeBody =
  | { readonly whole: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly whole: false; readonly reason: 'too-large' | 'too-slow' }
  /** It broke off, or has another length than was announced: a truncated body must never be stored. */
  | { readonly whole: false; readonly reason: 'broken'; readonly error: OriginError };

/** A body on its way to the client and into the store. */
export interface SplitBody {
  /** What the client reads: it ends, or breaks off, as the origin's body does. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Settles when the body has ended or is given up for the store; never rejects. It does not depend on the client. */
  readonly whole: Promise<WholeBody>;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Read = ReadableStreamReadResult<Uint8Array>;

/**
 * Reads a body up to `limit` bytes for the store, at the origin's pace, while the client gets it at its own. Past the
 * limit, or when `late` has resolved, nothing more is kept, and the client's pace is the origin's: memory holds `limit`
 * bytes and a chunk at most.
 */
export function splitBody(response: Response, limit: number, late: Promise<void>): SplitBody {
  const declared = declaredLength(response);
  const { readable, writable } = pipe(declared);
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (!body) {
    void writable.close().catch(() => undefined);
    return { stream: readable, whole: Promise.resolve({ whole: true, bytes: new Uint8Array(0) }) };
  }
  const collector = new Collector(body.getReader(), limit, declared, late);
  const whole = collector.run();
  void feed(collector, body, writable).catch(() => undefined);
  return { stream: readable, whole };
}

/**
 * Reads a body up to `limit` bytes, as long as `late` has not resolved. What is not kept is a stream, its beginning
 * included. Rejects with {@link OriginError} when the body breaks off, or has another length than `Content-Length` says.
 */
export async function readBounded(
  response: Response,
  limit: number,
  late: Promise<void>,
): Promise<
  | { readonly whole: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly whole: false;
      readonly reason: 'too-large' | 'too-slow';
      readonly stream: ReadableStream<Uint8Array>;
    }
> {
  const declared = declaredLength(response);
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (body && declared !== undefined && declared > limit)
    return { whole: false, reason: 'too-large', stream: body };
  const { stream, whole } = splitBody(response, limit, late);
  const read = await whole;
  if (read.whole) {
    // Nobody reads it: what was kept of it has been read.
    await stream.cancel().catch(() => undefined);
    return read;
  }
  if (read.reason === 'broken') throw read.error;
  return { whole: false, reason: read.reason, stream };
}

/** `Content-Length`, where it counts the bytes that are read here: the runtime decodes content codings. */
export function declaredLength({ headers }: Pick<Response, 'headers'>): number | undefined {
  const length = headers.get('content-length');
  if (length === null || !/^[0-9]{1,15}$/.test(length) || isDecoded(headers)) return undefined;
  return Number(length);
}

const FIRST_BYTES = 16_384;

/**
 * Reads the origin's body into memory until it ends or is not to be kept any more. One growing buffer: a body in tiny
 * chunks takes no more memory than any other.
 */
class Collector {
  readonly reader: Reader;
  /** Undefined while it is read. */
  end: WholeBody | undefined;
  /** A read that is under way although the body was given up. */
  pending: Promise<Read> | undefined;
  readonly #limit: number;
  readonly #declared: number | undefined;
  readonly #late: Promise<void>;
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #wake: (() => void) | undefined;
  #abandoned = false;

  constructor(reader: Reader, limit: number, declared: number | undefined, late: Promise<void>) {
    this.reader = reader;
    // It breaks off where it is read: nobody needs to be told twice.
    reader.closed.catch(() => undefined);
    this.#limit = limit;
    this.#declared = declared;
    this.#late = late;
    this.#bytes = new Uint8Array(Math.min(declared ?? FIRST_BYTES, limit));
  }

  async run(): Promise<WholeBody> {
    this.end = await this.#collect();
    if (this.#abandoned) this.abandon();
    this.#wake?.();
    return this.end;
  }

  /** The client is gone: what is not kept is not asked for. */
  abandon(): void {
    this.#abandoned = true;
    if (this.end && !this.end.whole) this.reader.cancel().catch(() => undefined);
  }

  /** What there is from a position on. */
  from(position: number): Uint8Array {
    return this.#bytes.subarray(position, this.#length);
  }

  /** Resolves when there may be more, or the end is known. */
  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #collect(): Promise<WholeBody> {
    for (;;) {
      const next = this.reader.read();
      let result: Read | void;
      try {
        result = await Promise.race([next, this.#late]);
      } catch (cause) {
        return broken("The origin's body broke off.", cause);
      }
      if (!result) {
        this.pending = next;
        next.catch(() => undefined);
        return { whole: false, reason: 'too-slow' };
      }
      if (result.done) break;
      this.#append(result.value);
      this.#wake?.();
      if (this.#length > this.#limit) return { whole: false, reason: 'too-large' };
    }
    const length = this.#length;
    if (this.#declared !== undefined && this.#declared !== length)
      return broken(`The origin announced ${this.#declared} bytes and sent ${length}.`);
    const bytes = length === this.#bytes.byteLength ? this.#bytes : this.#bytes.slice(0, length);
    return { whole: true, bytes };
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.byteLength;
    if (length > this.#bytes.byteLength) {
      // Whoever holds a part of the old buffer keeps it: what stands in it does not change.
      const grown = new Uint8Array(
        Math.max(length, Math.min(2 * this.#bytes.byteLength, this.#limit)),
      );
      grown.set(this.from(0));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }
}

/** Writes what is collected to the client, then what comes after it, at the client's pace. */
async function feed(
  collector: Collector,
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const { reader } = collector;
  const writer = writable.getWriter();
  const gone: Promise<'gone'> = writer.closed.then(
    () => 'gone',
    () => 'gone',
  );
  try {
    for (let at = 0; ;) {
      const chunk = collector.from(at);
      if (chunk.byteLength > 0) {
        at += chunk.byteLength;
        await writer.write(chunk);
      } else if (collector.end) break;
      else if ((await Promise.race([collector.more(), gone])) === 'gone')
        return collector.abandon();
    }
    const { end, pending } = collector;
    if (end.whole) return await writer.close();
    if (end.reason === 'broken') return await writer.abort(end.error);
    const late = await Promise.race([pending, gone]);
    if (late === 'gone') return collector.abandon();
    if (late?.value) await writer.write(late.value);
    if (late?.done) return await writer.close();
  } catch (error) {
    // One of the two ends is gone: the other one is told. What is being stored goes on.
    collector.abandon();
    return writer.abort(error);
  }
  reader.releaseLock();
  writer.releaseLock();
  return body.pipeTo(writable);
}

/**
 * A stream of bytes through the platform, without a copy in this isolate where it can; it says its length where that is
 * known, so that the client's answer does.
 */
function pipe(length: number | undefined): {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
} {
  if (!('IdentityTransformStream' in globalThis))
    return new TransformStream<Uint8Array, Uint8Array>();
  return length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length);
}

function broken(message: string, cause?: unknown): WholeBody {
  const error = new OriginError(
    'origin_invalid',
    message,
    ...(cause === undefined ? [] : [{ cause }]),
  );
  return { whole: false, reason: 'broken', error };
}
