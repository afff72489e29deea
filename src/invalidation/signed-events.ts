import { ConfigError, InvalidEvents, InvalidSignature, type ConfigProblem } from '../errors.ts';
import { MAX_MESSAGE_BYTES, parseEventBody, type DomainEvent } from './event.ts';
import { SECRET_FORM, secretBytes, verifySignature } from './signature.ts';

/** Events whose sender is known. */
export interface SignedEvents {
  /** The message's `webhook-id`: pass it on as the id, and a message that is delivered twice purges once. */
  readonly id: string;
  readonly events: readonly DomainEvent[];
}

/**
 * Verifies a webhook by Standard Webhooks (standardwebhooks.com), and reads its body: one event, or a list of up to 1,000,
 * 1 MiB at most. Reads the request's body.
 *
 * ```ts
 * const { id, events } = await verifySignedEvents(request, env.WEBHOOK_SECRET);
 * await cache.forTenant('acme').invalidate(events, { id });
 * ```
 *
 * Rejects with `InvalidSignature` when its time is more than five minutes from now, or when no secret has made a signature of
 * it; with `InvalidEvents` when what is signed is no events, and, whoever has sent it, when the body is larger than 1 MiB: it
 * is not read further, and so not verified; with `ConfigError` for a secret that is none.
 *
 * @param secrets `whsec_...`, one or, while they are rotated, several
 * @param options `now`: milliseconds since the Unix epoch. Default: the platform's clock
 */
export async function verifySignedEvents(
  request: Request,
  secrets: string | readonly string[],
  { now = Date.now() }: { readonly now?: number } = {},
): Promise<SignedEvents> {
  const known = readSecrets(secrets);
  const body = await readBody(request);
  const verdict = await verifySignature(request.headers, body, known, now);
  if (!verdict.ok) throw new InvalidSignature(verdict.reason);
  const parsed = parseEventBody(body);
  if ('problems' in parsed) throw new InvalidEvents(parsed.problems);
  return { id: verdict.id, events: parsed.events };
}

function readSecrets(secrets: unknown): readonly { readonly bytes: Uint8Array }[] {
  const list: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets];
  const problems: ConfigProblem[] =
    list.length > 0 ? [] : [{ field: 'secrets', message: 'are none' }];
  const known = list.flatMap((secret, at) => {
    const bytes = typeof secret === 'string' ? secretBytes(secret) : undefined;
    if (bytes) return [{ bytes }];
    problems.push({ field: `secrets[${at}]`, message: `must be ${SECRET_FORM}` });
    return [];
  });
  if (problems.length > 0)
    throw new ConfigError(problems, 'The arguments of verifySignedEvents() have');
  return known;
}

async function readBody(request: Request): Promise<Uint8Array> {
  const tooLarge = (): InvalidEvents =>
    new InvalidEvents([`body: is larger than ${MAX_MESSAGE_BYTES} bytes`]);
  if (Number(request.headers.get('content-length') ?? 0) > MAX_MESSAGE_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream: ReadableStream<Uint8Array> | null = request.body;
  const reader = stream?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    bytes += part.value.length;
    if (bytes > MAX_MESSAGE_BYTES) {
      await reader?.cancel();
      throw tooLarge();
    }
    chunks.push(part.value);
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
