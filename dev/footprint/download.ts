import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { FootprintFailed } from './failure.ts';

/** How a body is read. */
export interface Reading {
  /** Bytes in a second. Absent: as fast as they come. */
  readonly rate?: number;
  /** The reader goes away after so long. Absent: it stays to the end. */
  readonly forMs?: number;
}

export interface Download {
  readonly status: number;
  readonly cacheStatus: string | undefined;
  readonly contentLength: string | undefined;
  readonly bytes: number;
  readonly sha256: string;
  /** In ns of the monotonic clock; undefined when there was none. */
  readonly firstByteAt: bigint | undefined;
  /** Whether the body came to the end that its framing promised. */
  readonly complete: boolean;
  readonly ms: number;
}

/** No byte for so long: it hangs. */
const SILENCE_MS = 30_000;

/** Reads one body over a connection of its own. Throws {@link FootprintFailed} when there is no answer, or no byte any more. */
export async function download(
  url: string,
  { rate, forMs = Infinity }: Reading,
  signal: AbortSignal,
): Promise<Download> {
  const begun = performance.now();
  const response = await open(url, signal);
  const hash = createHash('sha256');
  let bytes = 0;
  let firstByteAt: bigint | undefined;
  try {
    for await (const chunk of response) {
      firstByteAt ??= process.hrtime.bigint();
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (performance.now() - begun > forMs) break;
      const early = rate === undefined ? 0 : (1000 * bytes) / rate - (performance.now() - begun);
      if (early > 0) await sleep(early, undefined, { signal });
    }
  } catch (error) {
    // A body that is cut is a finding, not a failure of the tool.
    if (signal.aborted) throw new FootprintFailed('The run was interrupted.', { cause: error });
    if (error instanceof FootprintFailed) throw error;
  } finally {
    response.destroy();
  }
  return {
    status: response.statusCode ?? 0,
    cacheStatus: text(response.headers['cache-status']),
    contentLength: response.headers['content-length'],
    bytes,
    sha256: hash.digest('hex'),
    firstByteAt,
    complete: response.complete,
    ms: performance.now() - begun,
  };
}

function open(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Compressing it would be the client's wish.
    const headers = { 'accept-encoding': 'identity' };
    const request = get(url, { agent: false, headers, signal, timeout: SILENCE_MS }, resolve);
    const hangs = new FootprintFailed(`Nothing came from ${url} for ${SILENCE_MS / 1000} s.`);
    request.on('timeout', () => request.destroy(hangs));
    request.on('error', (error) =>
      reject(
        error instanceof FootprintFailed
          ? error
          : new FootprintFailed(`${url} was not answered: ${error.message}`, { cause: error }),
      ),
    );
  });
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
