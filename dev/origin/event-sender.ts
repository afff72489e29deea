import { createHmac, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { DomainEvent, EventSink } from './events.ts';

export interface EventSenderOptions {
  /** Where events are posted to. */
  readonly url: string;
  /** Host and port by which the receiver knows whose events they are. Default: those of `url`. */
  readonly host?: string;
  /** `whsec_` and base64, as Standard Webhooks writes it. */
  readonly secret: string;
  /** Milliseconds that one attempt may take. Default 2 s. */
  readonly timeoutMs?: number;
  /** Milliseconds before the second attempt; twice as many before each further one. Default 100. */
  readonly pauseMs?: number;
  /** Default 8: with the pauses that makes 12 s, in which a receiver may restart. */
  readonly attempts?: number;
  /** The most events that wait. Default 1000. */
  readonly limit?: number;
  /** Where a lost event is told. Default: stderr. */
  readonly report?: (line: string) => void;
}

export interface EventSender {
  /** Takes an event over; throws when too many wait already. */
  readonly send: EventSink;
  /** Gives up what waits and what is under way. */
  stop(): Promise<void>;
}

/** An event on its way. The id stays through all attempts, so that the receiver can tell one that came twice. */
interface Message {
  readonly id: string;
  readonly body: string;
  readonly what: string;
}

/** What is worth another attempt besides 5xx: a receiver that is busy. */
const BUSY: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Sends domain events one after the other, in their order, each signed as Standard Webhooks says
 * (standardwebhooks.com). What can't be delivered is reported and given up.
 */
export function createEventSender(options: EventSenderOptions): EventSender {
  const {
    url,
    host,
    secret,
    timeoutMs = 2000,
    pauseMs = 100,
    attempts = 8,
    limit = 1000,
  } = options;
  const report = options.report ?? ((line) => console.error(line));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const waiting: Message[] = [];
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  /** Why the message was not taken, and whether that may pass; undefined when it was. */
  async function attempt(message: Message): Promise<{ why: string; passes: boolean } | undefined> {
    try {
      const headers = {
        'content-type': 'application/json',
        ...(host !== undefined && { host }),
        ...signatureOf(message, key),
      };
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(timeoutMs)]);
      const { status, text } = await post(url, headers, message.body, signal);
      if (status >= 200 && status < 300) return undefined;
      const passes = status >= 500 || BUSY.has(status);
      return { why: `${status} ${text.slice(0, 200)}`, passes };
    } catch (error) {
      const { message: why, cause } = error as Error;
      return { why: cause instanceof Error ? `${why}: ${cause.message}` : why, passes: true };
    }
  }

  async function deliver(message: Message): Promise<void> {
    for (let count = 1; ; count += 1) {
      const failure = await attempt(message);
      if (failure === undefined || stopping.signal.aborted) return;
      if (!failure.passes || count === attempts) {
        const times = count === 1 ? 'once' : `${count} times`;
        report(`origin: the event ${message.what} was sent ${times}, not taken: ${failure.why}`);
        return;
      }
      await delay(pauseMs * 2 ** (count - 1), undefined, { signal: stopping.signal }).catch(
        () => undefined,
      );
    }
  }

  async function run(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await deliver(next);
    running = undefined;
  }

  return {
    send(event) {
      if (waiting.length >= limit)
        throw new Error(`${limit} events wait to be sent, which is the most.`);
      waiting.push(messageOf(event));
      running ??= run();
    },
    async stop() {
      stopping.abort();
      waiting.length = 0;
      await running;
    },
  };
}

/** One request, on a connection of its own. Not by fetch, which sends no other Host than that of the URL. */
function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent: new Agent(), headers, signal },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject).end(body);
  });
}

function messageOf(event: DomainEvent): Message {
  const { type, at, ...data } = event;
  const id = `msg_${randomUUID()}`;
  const body = JSON.stringify({ id, type, time: at, data });
  return { id, body, what: `${type} for city ${event.id}` };
}

/** Made for each attempt: the time in it is the attempt's. */
function signatureOf({ id, body }: Message, key: Buffer): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}
