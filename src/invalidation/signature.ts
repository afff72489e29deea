/** How far the time of a signature may be from now, either way, in milliseconds. */
export const WINDOW_MS = 5 * 60_000;

/** More are not looked at: a sender has a few secrets at most. */
const MAX_SIGNATURES = 8;

/** What a secret looks like, for messages. */
export const SECRET_FORM = "'whsec_' and the base64 of 24 to 64 random bytes";

/**
 * Why a message is refused: `missing` or malformed headers, a time that is too old or too early (`timestamp`), or a signature
 * by none of the secrets (`mismatch`). For whoever runs the Worker: a sender that nobody knows is to be told none of it.
 */
export type SignatureFault = 'missing' | 'mismatch' | 'timestamp';

/** A message whose signature is right, by its id; or why it is not. */
export type SignatureVerdict<Secret> =
  | { readonly ok: true; readonly id: string; readonly secret: Secret }
  | { readonly ok: false; readonly reason: SignatureFault };

/** The bytes of a secret (`whsec_...`, as Standard Webhooks writes it). Undefined for what is none. */
export function secretBytes(text: string): Uint8Array | undefined {
  const bytes = fromBase64(/^whsec_(.*)$/.exec(text)?.[1] ?? '');
  return bytes && bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}

/**
 * Verifies a message as Standard Webhooks says (standardwebhooks.com, "Signature scheme"): HMAC-SHA-256 over
 * `{webhook-id}.{webhook-timestamp}.{body}`, the body's bytes exactly as they came. Any of the secrets may have made any of
 * the signatures, so that secrets can be rotated; the first secret that did is answered. What can be refused by its headers
 * costs no digest of the body; anything else costs one for each secret, however many signatures there are.
 *
 * @param now milliseconds since the Unix epoch
 */
export async function verifySignature<Secret extends { readonly bytes: Uint8Array }>(
  headers: Headers,
  body: Uint8Array,
  secrets: readonly Secret[],
  now: number,
): Promise<SignatureVerdict<Secret>> {
  const id = headers.get('webhook-id') ?? '';
  const timestamp = headers.get('webhook-timestamp') ?? '';
  const signatures = signaturesOf(headers.get('webhook-signature') ?? '');
  if (!/^[\x21-\x7e]{1,256}$/.test(id) || !/^\d{1,12}$/.test(timestamp) || signatures.length === 0)
    return { ok: false, reason: 'missing' };
  if (Math.abs(now - Number(timestamp) * 1000) > WINDOW_MS)
    return { ok: false, reason: 'timestamp' };
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + body.length);
  signed.set(head);
  signed.set(body, head.length);
  const made = await Promise.all(secrets.map(({ bytes }) => hmac(bytes, signed)));
  // All are compared, so that the time says nothing of which of them it was.
  const right = made.map((own) => signatures.map((one) => isSame(own, one)).includes(true));
  const secret = secrets[right.indexOf(true)];
  return secret === undefined ? { ok: false, reason: 'mismatch' } : { ok: true, id, secret };
}

async function hmac(secret: Uint8Array, signed: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, signed));
}

/** Whether two texts of the same length are equal, in a time that does not say where they differ. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.reduce((difference, byte, at) => difference | (byte ^ (other[at] ?? 0)), 0) === 0;
}

/** The signatures of the one version that there is, with a shared secret; those of others are somebody else's. */
function signaturesOf(field: string): readonly Uint8Array[] {
  return field
    .split(' ')
    .flatMap((one) => {
      const bytes = one.startsWith('v1,') ? fromBase64(one.slice(3)) : undefined;
      return bytes?.length === 32 ? [bytes] : [];
    })
    .slice(0, MAX_SIGNATURES);
}

/** Undefined for what no encoder writes. */
function fromBase64(text: string): Uint8Array | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    return undefined;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  // Bits behind the last byte would be another spelling of the same.
  return btoa(String.fromCharCode(...bytes)) === text ? bytes : undefined;
}
