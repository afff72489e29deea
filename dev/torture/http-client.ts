import { Agent, request } from 'node:http';

/** One request to a process. */
export interface Ask {
  readonly host: string;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** When the client goes away without an answer, in milliseconds. */
  readonly timeoutMs: number;
}

export interface Reply {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

/** No answer: the process is gone, or the client's patience was. */
export class NoReply extends Error {
  override readonly name = 'NoReply';
  readonly reason: 'refused' | 'gave_up';

  constructor(reason: 'refused' | 'gave_up', message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Asks one port of 127.0.0.1, on connections that are kept. */
export class HttpClient {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 200 });

  constructor(port: number) {
    this.#port = port;
  }

  /** Rejects with {@link NoReply}. */
  ask({ host, path, method = 'GET', headers = {}, body, timeoutMs }: Ask): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          path,
          method,
          agent: this.#agent,
          headers: {
            ...headers,
            host,
            ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', (error) => fail(error));
          response.on('end', () => {
            clearTimeout(timer);
            if (!response.complete) return fail(new Error('the answer was cut'));
            resolve({
              status: response.statusCode ?? 0,
              header: (name) => {
                const value = response.headers[name];
                return Array.isArray(value) ? value.join(', ') : value;
              },
              text: Buffer.concat(chunks).toString(),
            });
          });
        },
      );
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(error instanceof NoReply ? error : new NoReply('refused', error.message));
      };
      const timer = setTimeout(() => {
        sent.destroy(new NoReply('gave_up', `no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      sent.on('error', fail);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
