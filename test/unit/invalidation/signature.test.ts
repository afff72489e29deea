import { describe, expect, it, test, vi } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { secretBytes, verifySignature, WINDOW_MS } from '../../../src/invalidation/signature.ts';

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const random = (length: number) => base64(crypto.getRandomValues(new Uint8Array(length)));
const encode = (text: string) => new TextEncoder().encode(text);
const secretOf = (text: string) => {
  const bytes = secretBytes(text);
  if (!bytes) throw new Error('This is no secret.');
  return { bytes, text };
};

/** The example that is published with the specification's reference libraries. */
const EXAMPLE = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

function headersOf(
  signature: string,
  { id = EXAMPLE.id, timestamp = String(EXAMPLE.timestamp) } = {},
): Headers {
  return new Headers({
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  });
}

const verify = (headers: Headers, now = EXAMPLE.timestamp * 1000, body = EXAMPLE.body) =>
  verifySignature(headers, encode(body), [secretOf(EXAMPLE.secret)], now);

describe('a signature', () => {
  test('of the published example is right', async () => {
    const verdict = await verify(headersOf(EXAMPLE.signature));
    expect(verdict).toEqual({ ok: true, id: EXAMPLE.id, secret: secretOf(EXAMPLE.secret) });
  });

  test('is what the reference implementation makes', async () => {
    const { secret, id, timestamp, body } = EXAMPLE;
    const reference = new Webhook(secret).sign(id, new Date(timestamp * 1000), body);
    expect(reference).toBe(EXAMPLE.signature);
  });

  it.each([
    ['other signatures beside it', `v1,${'A'.repeat(43)}= ${EXAMPLE.signature}`],
    ['other versions beside it', `v1a,c2lnbmVk v2,x ${EXAMPLE.signature} v3`],
  ])('is right with %s', async (_, field) => {
    expect(await verify(headersOf(field))).toMatchObject({ ok: true });
  });

  it.each([
    ['its last bits changed', EXAMPLE.signature.replace('OE=', 'OF=')],
    ['no version', EXAMPLE.signature.slice(3)],
    ['the version in upper case', EXAMPLE.signature.replace('v1', 'V1')],
    ['no padding', EXAMPLE.signature.slice(0, -1)],
    ['a comma in place of the space', `v1,${'A'.repeat(43)}=,${EXAMPLE.signature}`],
  ])('is not with %s', async (_, field) => {
    expect(await verify(headersOf(field))).toMatchObject({ ok: false });
  });

  test('is looked for among eight, no more', async () => {
    const others = (count: number) => Array.from({ length: count }, () => `v1,${'A'.repeat(43)}=`);
    expect(await verify(headersOf([...others(7), EXAMPLE.signature].join(' ')))).toMatchObject({
      ok: true,
    });
    expect(await verify(headersOf([...others(8), EXAMPLE.signature].join(' ')))).toEqual({
      ok: false,
      reason: 'mismatch',
    });
  });

  it.each<[string, Record<string, string>]>([
    ['an id with a space', { id: 'msg 1' }],
    ['an id that is too long', { id: 'x'.repeat(257) }],
    ['no id', { id: '' }],
    ['no time', { timestamp: '' }],
    ['a time with a sign', { timestamp: `+${EXAMPLE.timestamp}` }],
    ['a time that is no number', { timestamp: 'now' }],
    ['a time with spaces inside', { timestamp: '16142 65330' }],
  ])('is missing with %s', async (_, headers) => {
    expect(await verify(headersOf(EXAMPLE.signature, headers))).toEqual({
      ok: false,
      reason: 'missing',
    });
  });

  test('is of the body as it came, byte by byte', async () => {
    for (const body of [`${EXAMPLE.body} `, EXAMPLE.body.replace(' ', ''), '', 'x'])
      expect(await verify(headersOf(EXAMPLE.signature), undefined, body)).toMatchObject({
        reason: 'mismatch',
      });
  });

  it.each([-1, 1])('is good for five minutes either way (%i)', async (sign) => {
    const at = (distance: number) => EXAMPLE.timestamp * 1000 + sign * distance;
    const headers = headersOf(EXAMPLE.signature);
    expect(await verify(headers, at(WINDOW_MS))).toMatchObject({ ok: true });
    expect(await verify(headers, at(WINDOW_MS + 1))).toEqual({ ok: false, reason: 'timestamp' });
    const wrong = headersOf(EXAMPLE.signature.replace('OE=', 'AE='));
    expect(await verify(wrong, at(WINDOW_MS))).toMatchObject({ reason: 'mismatch' });
  });

  test('costs nothing where the headers refuse it, and one digest for each secret else', async () => {
    const sign = vi.spyOn(crypto.subtle, 'sign');
    const check = vi.spyOn(crypto.subtle, 'verify');
    try {
      const secrets = [secretOf(`whsec_${random(32)}`), secretOf(EXAMPLE.secret)];
      const work = async (headers: Headers, now = EXAMPLE.timestamp * 1000) => {
        sign.mockClear();
        await verifySignature(headers, encode(EXAMPLE.body), secrets, now);
        return sign.mock.calls.length;
      };
      const eight = Array.from({ length: 8 }, () => EXAMPLE.signature).join(' ');
      expect(await work(headersOf(eight))).toBe(2);
      expect(await work(headersOf(eight), 0)).toBe(0);
      expect(await work(headersOf('v1,short'))).toBe(0);
      expect(check).not.toHaveBeenCalled();
    } finally {
      sign.mockRestore();
      check.mockRestore();
    }
  });

  test('is of the first secret in the list that made one', async () => {
    const [one, two, three] = [24, 32, 64].map((length) => secretOf(`whsec_${random(length)}`));
    if (!one || !two || !three) throw new Error('There are three.');
    const time = new Date(EXAMPLE.timestamp * 1000);
    const sign = (...secrets: { text: string }[]) =>
      headersOf(
        secrets.map(({ text }) => new Webhook(text).sign(EXAMPLE.id, time, EXAMPLE.body)).join(' '),
      );
    const by = async (headers: Headers) => {
      const verdict = await verifySignature(
        headers,
        encode(EXAMPLE.body),
        [one, two],
        time.getTime(),
      );
      return verdict.ok ? verdict.secret : verdict.reason;
    };
    expect(await by(sign(two))).toBe(two);
    expect(await by(sign(three, two, one))).toBe(one);
    expect(await by(sign(three))).toBe('mismatch');
    expect(await verifySignature(sign(one), encode(EXAMPLE.body), [], time.getTime())).toEqual({
      ok: false,
      reason: 'mismatch',
    });
  });
});

describe('a secret', () => {
  it.each([24, 32, 63, 64])('has %i bytes', (length) => {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    expect(secretBytes(`whsec_${base64(bytes)}`)).toEqual(bytes);
  });

  it.each([
    ['nothing', ''],
    ['no prefix', random(32)],
    ['another prefix', `whpk_${random(32)}`],
    ['23 bytes', `whsec_${random(23)}`],
    ['65 bytes', `whsec_${random(65)}`],
    ['base64url', `whsec_${'-_'.repeat(16)}`],
    ['no padding', `whsec_${'A'.repeat(43)}`],
    ['bits behind the last byte', `whsec_${'A'.repeat(42)}B=`],
    ['a line end', `whsec_${'A'.repeat(32)}\n`],
  ])('is not %s', (_, text) => {
    expect(secretBytes(text)).toBeUndefined();
  });
});
