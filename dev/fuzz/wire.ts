import { connect, type Socket } from 'node:net';
import { type Answer, NotHttp, readAnswer } from './answer.ts';
import { bytesOf, isFramed, isWellFormed, type RawRequest } from './request.ts';

/** What came of a request. */
export type Outcome =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      /** What came behind it on the connection, where nothing was asked for. */
      readonly rest: string;
    }
  /** The connection was closed without a byte of an answer. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'malformed'; readonly reason: string; readonly raw: string }
  /** Neither an answer nor an end within the time. */
  | { readonly kind: 'silent'; readonly raw: string };

const SILENCE_MS = 15_000;
/** Where the client itself has announced more than it sends, the server may wait for it. */
const SHORT_SILENCE_MS = 1500;

/**
 * One client of the gateway: sends requests one after the other, on a connection that is kept as long as both sides agree
 * where messages end.
 */
export class Wire {
  readonly #port: number;
  readonly #silenceMs: number;
  /** Bytes that nobody had asked for came after the last answer, when everybody had read it. */
  late = '';
  #socket: Socket | undefined;
  #got = '';
  #ended = false;
  #wake: () => void = () => undefined;

  /** @param port of 127.0.0.1 */
  constructor(port: number, silenceMs: number = SILENCE_MS) {
    this.#port = port;
    this.#silenceMs = silenceMs;
  }

  /** Never rejects, but when nothing listens at all. */
  async send(request: RawRequest): Promise<Outcome> {
    // It would be taken for the answer.
    this.late = this.#got;
    if (this.#got !== '' || this.#ended) this.close();
    const fresh = this.#socket === undefined;
    const socket = (this.#socket ??= await this.#open());
    socket.write(bytesOf(request));
    if (request.ends) socket.end();
    const silenceMs = isFramed(request)
      ? this.#silenceMs
      : Math.min(this.#silenceMs, SHORT_SILENCE_MS);
    const outcome = await this.#outcome(request.method, silenceMs);
    // The server may close an idle connection at the moment of the next request: that says nothing of the request.
    if (outcome.kind === 'closed' && !fresh) {
      this.close();
      return this.send(request);
    }
    if (!this.#keeps(request, outcome)) this.close();
    return outcome;
  }

  /** The connection as it is, for the next request, is given up. */
  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#got = '';
    this.#ended = false;
  }

  async #outcome(method: string, silenceMs: number): Promise<Outcome> {
    const deadline = performance.now() + silenceMs;
    for (;;) {
      const ended = this.#ended;
      try {
        if (this.#got === '' && ended) return { kind: 'closed' };
        const read = readAnswer(this.#got, method, ended);
        if (read) {
          this.#got = read.rest;
          return { kind: 'answer', ...read };
        }
      } catch (error) {
        if (!(error instanceof NotHttp)) throw error;
        return { kind: 'malformed', reason: error.message, raw: this.#got };
      }
      if (!(await this.#more(deadline - performance.now())))
        return { kind: 'silent', raw: this.#got };
    }
  }

  #more(ms: number): Promise<boolean> {
    if (ms <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #keeps(request: RawRequest, outcome: Outcome): boolean {
    return (
      outcome.kind === 'answer' &&
      outcome.answer.complete &&
      outcome.answer.status !== 101 &&
      outcome.answer.framing !== 'close' &&
      outcome.rest === '' &&
      request.ends !== true &&
      isFramed(request) &&
      isWellFormed(request) &&
      !outcome.answer.fields.some(
        ([name, value]) => /^connection$/i.test(name) && /close/i.test(value),
      )
    );
  }

  #open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
      const over = (): void => {
        if (this.#socket !== socket) return;
        this.#ended = true;
        this.#wake();
      };
      socket.setEncoding('latin1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.on('data', (text: string) => {
          if (this.#socket !== socket) return;
          this.#got += text;
          this.#wake();
        });
        socket.on('error', over);
        socket.on('close', over);
        socket.on('end', over);
        resolve(socket);
      });
    });
  }
}
