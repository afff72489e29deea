import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createCityStore } from './city-store.ts';
import { createCounter } from './counts.ts';
import type { DataSet } from './data-set.ts';
import { openDatabase } from './database.ts';
import { type EventSink, emit, printEvent } from './events.ts';
import { createFaults } from './faults.ts';
import { HttpProblem, problemAnswer } from './problems.ts';
import { readJson } from './request-body.ts';
import type { Answer } from './responses.ts';
import { findHandler, type Route } from './router.ts';
import { cacheTrapRoutes } from './routes/cache-traps.ts';
import { cityRoutes } from './routes/cities.ts';
import { controlPrefix, controlRoutes } from './routes/control.ts';
import { countryRoutes } from './routes/countries.ts';
import { rootRoute } from './routes/root.ts';

export interface Origin {
  /** For instance `http://127.0.0.1:41234`. */
  readonly url: string;
  /** Resolves with the reason when the server ends without stop() having been called. Never rejects. */
  readonly died: Promise<string>;
  /** Lets requests under way finish for up to 2 s, ends every connection, closes the database. May be repeated. */
  stop(): Promise<void>;
}

export interface OriginOptions {
  readonly databaseFile: string;
  /** On 127.0.0.1. Default 0: a free one. */
  readonly port?: number;
  /** Lines for people while the database is built. */
  readonly onProgress?: (line: string) => void;
  /** One line on stdout for each request. Default false. */
  readonly log?: boolean;
  /** Default: one line of JSON for each event on stdout. */
  readonly onEvent?: EventSink;
  /** Default: all of GeoNames. */
  readonly dataSet?: DataSet;
}

/** The origin cannot start; the message is one sentence for people. */
export class OriginUnavailable extends Error {
  override readonly name = 'OriginUnavailable';
}

const finishMs = 2_000;
/** Longer than clients keep idle connections, so that none is closed just as a request is sent on it. */
const keepAliveMs = 75_000;

/**
 * Starts the demo origin: an HTTP API over a SQLite database of the cities of the world, on loopback only.
 *
 * @throws OriginUnavailable when the port is taken, DatabaseUnavailable when the database cannot be opened or built
 */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  const {
    databaseFile,
    port = 0,
    onProgress,
    log = false,
    onEvent = printEvent,
    dataSet,
  } = options;
  const database = openDatabase(databaseFile, onProgress, dataSet);
  const store = createCityStore(database);
  const counter = createCounter();
  const faults = createFaults();
  const stopping = new AbortController();

  const routes: Route[] = [
    ...cityRoutes({
      store,
      onEvent(event) {
        counter.event(event.type);
        void emit(event, onEvent);
      },
    }),
    ...countryRoutes(store),
    ...cacheTrapRoutes(),
    ...controlRoutes(counter, faults),
    rootRoute(store),
  ];

  /** Undefined: drop the connection. */
  async function answer(request: IncomingMessage): Promise<Answer | undefined> {
    const { method = 'GET', url: target = '/' } = request;
    if (!target.startsWith('/')) {
      throw new HttpProblem(400, `The request target must be a path, not "${target}".`);
    }
    const at = target.indexOf('?');
    const path = at === -1 ? target : target.slice(0, at);
    if (!path.startsWith(controlPrefix)) {
      counter.request(target, method);
      const fault = faults.take(path);
      if (fault?.latencyMs !== undefined) {
        await delay(fault.latencyMs, undefined, { signal: stopping.signal });
      }
      if (fault?.reset === true) return undefined;
      if (fault?.status !== undefined) {
        throw new HttpProblem(fault.status, 'A fault was set through POST /_/faults.');
      }
    }
    const { handler, captured } = findHandler(routes, method, path);
    return handler({
      query: new URLSearchParams(at === -1 ? '' : target.slice(at + 1)),
      headers: request.headers,
      captured,
      readJson: () => readJson(request),
    });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const result = await answer(request).catch((error: unknown) => {
      if (error instanceof HttpProblem) return problemAnswer(error);
      if (stopping.signal.aborted || request.socket.destroyed) return undefined;
      console.error(`origin: ${request.method} ${request.url} failed:`, error);
      return problemAnswer(new HttpProblem(500, 'The origin failed; its output says why.'));
    });
    if (log) console.log(`origin: ${request.method} ${request.url} ${result?.status ?? 'dropped'}`);
    if (result === undefined) {
      request.socket.destroy();
      return;
    }
    if (result.status === 304) counter.notModified();
    send(response, result, request.method === 'HEAD', stopping.signal.aborted);
  }

  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    void serve(request, response);
  });
  let url: string;
  try {
    url = await listen(server, port);
  } catch (error) {
    database.close();
    throw error;
  }
  const died = new Promise<string>((resolve) => {
    const report = (reason: string) => {
      if (!stopping.signal.aborted) resolve(reason);
    };
    server.on('error', (error) => report(`the origin's server failed: ${error.message}`));
    server.on('close', () => report("the origin's server closed"));
  });

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    stopping.abort();
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    const force = setTimeout(() => server.closeAllConnections(), finishMs);
    await closed;
    clearTimeout(force);
    database.close();
  }
  return { url, died, stop: () => (stopped ??= stop()) };
}

function send(response: ServerResponse, answer: Answer, head: boolean, last: boolean): void {
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  if (last) response.setHeader('Connection', 'close');
  response.statusCode = answer.status;
  if (answer.status !== 304) {
    response.setHeader('Content-Length', Buffer.byteLength(answer.body));
  }
  response.end(head ? undefined : answer.body);
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? `Port ${port} of 127.0.0.1 is already in use: give the origin another one.`
          : `The origin cannot listen on port ${port} of 127.0.0.1: ${error.message}.`;
      reject(new OriginUnavailable(reason, { cause: error }));
    };
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', fail);
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve(`http://127.0.0.1:${bound}`);
    });
  });
}
