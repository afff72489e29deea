import { OriginError } from '../errors.ts';
import { Collecting, type Room } from './collecting.ts';
import { isDecoded } from './content-coding.ts';

/** Why a body is not kept. `busy`: so many others are being kept that there is no memory for it. */
export type NotKept = 'too-large' | 'too-slow' | 'busy';

/** A body that was read to its end, or why it is not kept: the client gets all of it either way. */
export type WholeBody =
  | { readonly whole: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly whole: false; readonly reason: NotKept }
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
 * limit, past what `room` there is, or when `late` has resolved, nothing more is kept, and the client's pace is the
 * origin's. What is held is held in `room`, until the client has read it or is gone: once, also when it is stored by then.
 * @param room default: as much as it takes
 */
export function splitBody(
  response: Response,
  limit: number,
  late: Promise<void>,
  room: Room = ownRoom(response, limit),
): SplitBody {
  const declared = declaredLength(response);
  const { readable, writable } = pipe(declared);
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (!body) {
    room.release();
    void writable.close().catch(() => undefined);
    return { stream: readable, whole: Promise.resolve({ whole: true, bytes: new Uint8Array(0) }) };
  }
  const collector = new Collector(body.getReader(), limit, declared, late, room);
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
  room?: Room,
): Promise<
  | { readonly whole: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly whole: false;
      readonly reason: NotKept;
      readonly stream: ReadableStream<Uint8Array>;
    }
> {
  const declared = declaredLength(response);
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (body && declared !== undefined && declared > limit) {
    room?.release();
    return { whole: false, reason: 'too-large', stream: body };
  }
  const { stream, whole } = splitBody(response, limit, late, room);
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

/** Room that is nobody else's. */
function ownRoom(response: Response, limit: number): Room {
  const all = new Collecting(Number.POSITIVE_INFINITY);
  const room = all.room(declaredLength(response), limit, { now: () => 0 });
  if (!room) throw new Error('There is no end to this room.');
  return room;
}

/** Reads the origin's body into memory until it ends or is not to be kept any more. */
class Collector {
  readonly reader: Reader;
  readonly room: Room;
  /** Undefined while it is read. */
  end: WholeBody | undefined;
  /** A read that is under way although the body was given up. */
  pending: Promise<Read> | undefined;
  /** What did not find room any more. */
  over: Uint8Array | undefined;
  readonly #limit: number;
  readonly #declared: number | undefined;
  #isLate = false;
  #onLate: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #abandoned = false;
  #isFed = false;

  constructor(
    reader: Reader,
    limit: number,
    declared: number | undefined,
    late: Promise<void>,
    room: Room,
  ) {
    this.reader = reader;
    this.room = room;
    // It breaks off where it is read: nobody needs to be told twice.
    reader.closed.catch(() => undefined);
    this.#limit = limit;
    this.#declared = declared;
    // Once, and not for each chunk: what waits for a promise is held for as long as the promise is.
    void late.then(() => {
      this.#isLate = true;
      this.#onLate?.();
    });
  }

  async run(): Promise<WholeBody> {
    this.end = await this.#collect();
    if (this.#abandoned) this.abandon();
    if (this.#isFed) this.fed();
    this.wake();
    return this.end;
  }

  /** The client is gone: what is not kept is not asked for. */
  abandon(): void {
    this.#abandoned = true;
    if (this.end && !this.end.whole) this.reader.cancel().catch(() => undefined);
    this.fed();
  }

  /** The client has what is held, or will never have it. */
  fed(): void {
    this.#isFed = true;
    if (this.end) this.room.release();
  }

  /** Resolves when there may be more, the end is known, or {@link wake} is called. */
  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake?.();
  }

  async #collect(): Promise<WholeBody> {
    for (;;) {
      const next = this.reader.read();
      let result: Read | void;
      try {
        result = await this.#unlessLate(next);
      } catch (cause) {
        return broken("The origin's body broke off.", cause);
      }
      if (!result) {
        this.pending = next;
        next.catch(() => undefined);
        return { whole: false, reason: 'too-slow' };
      }
      if (result.done) break;
      const length = this.room.length + result.value.byteLength;
      if (this.#declared !== undefined && length > this.#declared)
        return broken(`The origin announced ${this.#declared} bytes and sent ${length} or more.`);
      if (!this.room.append(result.value)) {
        this.over = result.value;
        return { whole: false, reason: 'busy' };
      }
      this.wake();
      if (this.room.length > this.#limit) return { whole: false, reason: 'too-large' };
    }
    const { length } = this.room;
    if (this.#declared !== undefined && this.#declared !== length)
      return broken(`The origin announced ${this.#declared} bytes and sent ${length}.`);
    const bytes = this.room.whole();
    return bytes ? { whole: true, bytes } : { whole: false, reason: 'busy' };
  }

  #unlessLate(next: Promise<Read>): Promise<Read | void> {
    if (this.#isLate) return Promise.resolve();
    const late = new Promise<void>((resolve) => {
      this.#onLate = resolve;
    });
    return Promise.race([next, late]);
  }
}

/** Writes what is collected to the client, then what comes after it, at the client's pace. */
async function feed(
  collector: Collector,
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const { reader, room } = collector;
  const writer = writable.getWriter();
  let isGone = false;
  const leave = (): void => {
    isGone = true;
    collector.wake();
  };
  const gone = writer.closed.then(leave, leave);
  try {
    for (let at = 0; ;) {
      const { end } = collector;
      // What is whole is held by whoever stores it, also when its room has been taken away.
      const piece = end?.whole ? end.bytes.subarray(at) : room.from(at);
      if (!piece) throw new Error('It was not read for too long.');
      if (piece.byteLength > 0) {
        at += piece.byteLength;
        await writer.write(piece);
      } else if (end) break;
      else if (isGone) return collector.abandon();
      else await collector.more();
    }
    collector.fed();
    const { end, pending, over } = collector;
    if (!end || end.whole) return await writer.close();
    if (end.reason === 'broken') return await writer.abort(end.error);
    if (over) await writer.write(over);
    const late = await Promise.race([pending, gone]);
    if (isGone) return collector.abandon();
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
