import { Webhook } from 'standardwebhooks';
import type { Answer, Isolate } from './deployment.ts';

/** A message of domain events, as a sender of Standard Webhooks makes it. */
export interface Message {
  /** Default: another one each time. */
  readonly id?: string;
  /** When it was signed, in milliseconds. Default: now. */
  readonly at?: number;
  /** Default: those that {@link sender} was made with. */
  readonly secrets?: readonly string[];
}

/** `whsec_` and 32 random bytes. */
export function newSecret(): string {
  return `whsec_${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`;
}

/** The headers of a signed body, made by the reference implementation. */
export function signedHeaders(
  body: string,
  secrets: readonly string[],
  { id = `msg_${crypto.randomUUID()}`, at = Date.now() }: Message = {},
): Record<string, string> {
  const time = new Date(Math.floor(at / 1000) * 1000);
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(time.getTime() / 1000),
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret).sign(id, time, body))
      .join(' '),
  };
}

/** Sends signed events to an isolate. */
export function sender(...secrets: readonly string[]) {
  return (isolate: Isolate, events: unknown, message: Message = {}): Promise<Answer> => {
    const body = JSON.stringify(events);
    return isolate.send('POST', '/_tiercel/v1/events', {
      headers: signedHeaders(body, message.secrets ?? secrets, message),
      body,
    });
  };
}
