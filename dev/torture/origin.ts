import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoadBook } from './load-book.ts';
import type { Random } from './random.ts';
import { resourceName, tagsOf } from './subjects.ts';

/** A request that the origin has and does not answer until it is told to. */
export interface Hold {
  /** Resolves with true once a request has come, with false when none has come in time. */
  readonly arrived: Promise<boolean>;
  /** Answers it; nothing is held any more. */
  release(): void;
}

/** What all processes load from. Its clock is the run's own, and every value says which load it came from. */
export interface TortureOrigin {
  readonly url: string;
  /** Loads so far, and how many of them were answered 304. */
  counts(): { readonly loads: number; readonly notModified: number; readonly failed: number };
  /** Holds the next load of this resource. */
  hold(resource: string, withinMs: number): Hold;
  stop(): Promise<void>;
}

interface Held {
  readonly arrive: () => void;
  readonly released: Promise<void>;
}

/** Most answers are quick; some take so long that purges, floods and whole faults fall into them. */
const DELAYS = { quick: 85, slow: 13, long: 2 } as const;
const FAILURES = 0.01;
const BODY_BYTES = [12_000, 36_000] as const;
const LONGEST_HOLD_MS = 12_000;

/**
 * Starts the origin on 127.0.0.1. `/{tenant}/...` are pages, by the host that the gateway forwards; `/-/{tenant}/{namespace}/...`
 * are values of the library. A POST makes another version.
 */
export async function startTortureOrigin(book: LoadBook, random: Random): Promise<TortureOrigin> {
  const versions = new Map<string, number>();
  const holds = new Map<string, Held>();
  const counts = { loads: 0, notModified: 0, failed: 0 };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedAt = performance.now();
    response.on('error', () => {});
    const { resource, place, writing } = asked(request);
    if (request.method === 'POST') {
      versions.set(resource, (versions.get(resource) ?? 1) + 1);
      request.resume();
      response.writeHead(200, { 'cache-control': 'no-store' }).end('changed');
      return;
    }
    const version = versions.get(resource) ?? 1;
    counts.loads += 1;
    // Which load the asker holds, and of which version: only for that is it answered 304.
    const held = /^"(\d+)\.(\d+)"$/.exec(request.headers['if-none-match'] ?? '');
    const same = held !== null && Number(held[1]) === version;
    const load = writing
      ? book.writingLoaded(resource, receivedAt)
      : same
        ? Number(held[2])
        : book.loaded(resource, receivedAt);
    if (same && !writing) book.confirmed(load, receivedAt);
    await wait(resource);
    if (random.chance(FAILURES)) {
      counts.failed += 1;
      response.writeHead(503, { 'cache-control': 'no-store' }).end('The origin is out of order.');
      return;
    }
    const etag = `"${version}.${load}"`;
    if (same && !writing) {
      counts.notModified += 1;
      response.writeHead(304, { etag }).end();
      return;
    }
    const tags = tagsOf(place);
    const body = Buffer.from(
      JSON.stringify({ load, resource, version, etag, tags, pad: pad(resource) }),
    );
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.byteLength,
      'cache-control': `public, max-age=${20 + (resource.length % 5) * 10}`,
      'cache-tag': tags.join(', '),
      etag,
    });
    response.end(body);
  }

  async function wait(resource: string): Promise<void> {
    const hold = holds.get(resource);
    if (hold) {
      holds.delete(resource);
      hold.arrive();
      await hold.released;
      return;
    }
    const kind = random.weighted(DELAYS);
    const [low, high] = kind === 'quick' ? [0, 20] : kind === 'slow' ? [20, 150] : [300, 8000];
    await new Promise<void>((resolve) => {
      setTimeout(resolve, random.between(low, high)).unref();
    });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  server.keepAliveTimeout = 120_000;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counts: () => ({ ...counts }),
    hold(resource, withinMs) {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const { promise: arrived, resolve: settle } = Promise.withResolvers<boolean>();
      const held: Held = { arrive: () => settle(true), released };
      holds.set(resource, held);
      const forget = (): void => {
        if (holds.get(resource) === held) holds.delete(resource);
      };
      setTimeout(() => {
        forget();
        settle(false);
      }, withinMs).unref();
      // Whatever becomes of whoever holds it.
      setTimeout(release, withinMs + LONGEST_HOLD_MS).unref();
      return {
        arrived,
        release() {
          forget();
          release();
        },
      };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

/** What a request is for. `place`: where it stands, for its tags. `writing`: it will be written by whoever asks. */
function asked(request: IncomingMessage): {
  readonly resource: string;
  readonly place: readonly string[];
  readonly writing: boolean;
} {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const [, first = '', ...rest] = path.split('/').map(decodeURIComponent);
  const writing = request.headers['x-torture-purpose'] === 'write';
  if (first === '-') {
    const [tenant = '', namespace = '', ...key] = rest;
    return { resource: resourceName(tenant, ['n', namespace, ...key]), place: key, writing };
  }
  const host = String(request.headers['x-forwarded-host'] ?? '');
  const segments = ['g', 'http', host, ...rest, `?${query}`];
  return { resource: resourceName(first, segments), place: rest, writing };
}

/** The same for one resource at any time, and hardly compressible would only cost time. */
function pad(resource: string): string {
  const [low, high] = BODY_BYTES;
  let hash = 7;
  for (let at = 0; at < resource.length; at += 1)
    hash = (hash * 31 + resource.charCodeAt(at)) % 997;
  const share = hash / 997;
  return resource.repeat(Math.ceil((low + share * (high - low)) / resource.length));
}
