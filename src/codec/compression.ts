import { InvalidFrame } from '../errors.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Deflate can't make its input smaller than this: what claims to be longer is not inflated at all. */
const MAX_RATIO = 1032;
/** Header and trailer of gzip, and the shortest deflate stream between them (RFC 1952). */
const SHORTEST = 20;
/**
 * Compressed bytes handed over at a time. The platform inflates each piece at once, whatever is read of it, so a bomb
 * takes at most 4 MB more than it said.
 */
const PIECE = 4096;

/** The bytes in gzip (RFC 1952); undefined when that would be more than `most` bytes. */
export async function gzip(bytes: Bytes, most: number): Promise<Bytes | undefined> {
  const stream = new CompressionStream('gzip');
  const writer = stream.writable.getWriter();
  const writing = feed(writer, [bytes]);
  // What fails here fails the reading too, or nobody asks any more.
  writing.catch(() => undefined);
  const packed = await readAtMost(stream.readable, most);
  if (packed) await writing;
  else abandon(writer);
  return packed;
}

/**
 * Inflates gzip that is said to hold `length` bytes. Stops at the first byte beyond; rejects with {@link InvalidFrame}
 * when it holds fewer or more, is cut short, has anything behind its end, or is none.
 */
export async function gunzip(bytes: Bytes, length: number): Promise<Bytes> {
  if (bytes.length < SHORTEST || length > bytes.length * MAX_RATIO)
    throw new InvalidFrame('compression');
  const stream = new DecompressionStream('gzip');
  const writer = stream.writable.getWriter();
  const writing = feed(writer, pieces(bytes));
  writing.catch(() => undefined);
  try {
    const plain = await readAtMost(stream.readable, length);
    if (plain?.length !== length) throw new InvalidFrame('compression');
    await writing;
    return plain;
  } catch (cause) {
    abandon(writer);
    throw cause instanceof InvalidFrame ? cause : new InvalidFrame('compression', { cause });
  }
}

async function feed(
  writer: WritableStreamDefaultWriter<Bytes>,
  parts: Iterable<Bytes>,
): Promise<void> {
  for (const part of parts) await writer.write(part);
  await writer.close();
}

function* pieces(bytes: Bytes): Iterable<Bytes> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/** Ends what nobody reads any more, and waits for nothing. */
function abandon(writer: WritableStreamDefaultWriter<Bytes>): void {
  writer.abort().catch(() => undefined);
}

/** What a stream holds; undefined, and the stream cancelled, when that is more than `most` bytes. */
function readAtMost(stream: ReadableStream<Uint8Array>, most: number): Promise<Bytes | undefined> {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: 'byob' });
  } catch {
    // Node's is no byte stream.
    return readChunks(stream.getReader(), most);
  }
  return readInto(reader, most);
}

// One read takes all that there is. The other way, it takes 4,096 bytes, and what is inflated piles up meanwhile.
async function readInto(
  reader: ReadableStreamBYOBReader,
  most: number,
): Promise<Bytes | undefined> {
  // One byte more than allowed: if it is filled, there was more.
  let whole = new Uint8Array(most + 1);
  let at = 0;
  while (at <= most) {
    // The buffer is handed over, and comes back with the value.
    const { done, value } = await reader.read(whole.subarray(at));
    if (value) whole = new Uint8Array(value.buffer);
    if (done) return whole.subarray(0, at);
    at += value.length;
  }
  reader.cancel().catch(() => undefined);
  return undefined;
}

async function readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  most: number,
): Promise<Bytes | undefined> {
  const whole = new Uint8Array(most);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return whole.subarray(0, at);
    if (at + value.length > most) break;
    whole.set(value, at);
    at += value.length;
  }
  reader.cancel().catch(() => undefined);
  return undefined;
}
