import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Keyring } from '../../../src/codec/encryption.ts';
import type { Entry } from '../../../src/codec/entry.ts';
import { FrameCodec } from '../../../src/codec/frame.ts';
import { parseMetadata, serializeMetadata } from '../../../src/codec/metadata.ts';
import { CLEAR_HEADER_LENGTH, formatClearHeader } from '../../../src/codec/stamp.ts';
import { ConfigError } from '../../../src/errors.ts';
import { entry } from '../support/arbitraries.ts';
import { bytesOf, expectRefused, keyOf, METADATA, secret, withChecksum } from './frames.ts';

const codecOf = (...keys: readonly [id: string, secret: number][]): FrameCodec =>
  new FrameCodec({
    keyring: Keyring.from(keys.map(([id, number]) => ({ id, secret: secret(number) }))),
  });

const codec = codecOf(['k1', 1]);
const sample = (seed: number): Entry => {
  const [one] = fc.sample(entry, { numRuns: 1, seed });
  if (!one) throw new Error('no sample');
  return one;
};

/** Where the metadata of a frame ends and its envelope begins. */
const behind = (frame: Uint8Array<ArrayBuffer>): number =>
  METADATA + new DataView(frame.buffer).getUint32(57);

/** The frame with other metadata, its checksum right. */
function withMetadata(
  frame: Uint8Array<ArrayBuffer>,
  change: (metadata: ReturnType<typeof parseMetadata>) => object,
): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(frame.subarray(METADATA, behind(frame)));
  const metadata = parseMetadata(text);
  const changed = serializeMetadata({ ...metadata, ...change(metadata) });
  const length = bytesOf(changed).length;
  const head = frame.subarray(0, 57);
  return bytesOf(head, length, changed, frame.subarray(behind(frame)));
}

describe('whoever can write the store, and knows all but the key,', () => {
  const key = keyOf('acme', 'n:users:1');
  const one = sample(1);

  it.each([
    ['another key', keyOf('acme', 'n:users:2')],
    ['another tenant', keyOf('other', 'n:users:1')],
  ])('can not move a value to %s', async (_what, other) => {
    expect.hasAssertions();
    const moved = withChecksum(other, await codec.encode(key, one));
    await expectRefused(codec, other, moved, 'decryption');
  });

  it.each<[string, (metadata: ReturnType<typeof parseMetadata>) => object]>([
    ['a longer life', ({ expiresAt }) => ({ expiresAt: expiresAt + 1e300 })],
    ['another time of creation', () => ({ createdAt: 12_345 })],
    ['a later end of freshness', () => ({ freshUntil: 12_345 })],
    ['a longer grace', () => ({ staleUntil: 12_345 })],
    ['a longer grace on failure', () => ({ staleIfErrorUntil: 12_345 })],
    ['a later absolute end', () => ({ lifeUntil: 12_345 })],
    ['another load time', () => ({ loadMs: 12_345 })],
    ['one more tag', ({ tags }) => ({ tags: [...tags, 'more'] })],
    ['no tags', () => ({ tags: [] })],
  ])('can not give it %s', async (_what, change) => {
    expect.hasAssertions();
    const frame = await codec.encode(key, { ...one, tags: ['a', 'b'] });
    await expectRefused(codec, key, withChecksum(key, withMetadata(frame, change)), 'decryption');
  });

  test('can not change its flags', async () => {
    expect.hasAssertions();
    const frame = (await codec.encode(key, one)).slice();
    frame[52] = 3;
    await expectRefused(codec, key, withChecksum(key, frame), 'decryption');
    frame[52] = 0;
    await expectRefused(codec, key, withChecksum(key, frame), 'unencrypted');
  });

  test('can not change any byte of its nonce, value or tag', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(
        entry,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (any, at, change) => {
          const frame = (await codec.encode(key, any)).slice();
          const start = behind(frame) + 1 + 'k1'.length;
          const position = start + (at % (frame.length - start));
          frame[position] = (frame[position] ?? 0) ^ change;
          await expectRefused(codec, key, withChecksum(key, frame), 'decryption');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('can not cut it', async () => {
    expect.hasAssertions();
    const frame = await codec.encode(key, one);
    for (let length = METADATA; length < frame.length; length += 1)
      await expectRefused(codec, key, withChecksum(key, frame.subarray(0, length)));
  });

  test('can put an older value of the same key back under a newer stamp, and no longer life with it', async () => {
    const older = await codec.encode(key, one);
    const newer = { epoch: 'e'.repeat(32), asOf: 999 };
    const forged = bytesOf(formatClearHeader(newer), older.subarray(CLEAR_HEADER_LENGTH));
    expect(await codec.decode(key, forged)).toEqual({ ...one, stamp: newer });
  });

  test('can not put a clear frame in its place', async () => {
    expect.hasAssertions();
    const clear = await new FrameCodec().encode(key, one);
    await expectRefused(codec, key, clear, 'unencrypted');
  });

  test('can not read value, content type, headers or entity tag', async () => {
    const secretText = 'salary 100000';
    const frame = await codec.encode(key, {
      ...one,
      value: bytesOf(secretText),
      etag: '"of-the-content"',
      form: { type: 'http', status: 200, headers: [['x-user', 'ada lovelace']] },
    });
    const seen = String.fromCharCode(...frame);
    for (const hidden of [secretText, 'of-the-content', 'lovelace'])
      expect(seen).not.toContain(hidden);
  });
});

describe('keys rotate without a flush', () => {
  const key = keyOf('acme');
  const one = sample(2);

  test('the first key encrypts, all of them decrypt', async () => {
    const before = codecOf(['old', 1]);
    const during = codecOf(['old', 1], ['new', 2]);
    const after = codecOf(['new', 2], ['old', 1]);
    const old = await during.encode(key, one);
    const fresh = await after.encode(key, one);
    expect(await before.decode(key, old)).toEqual(one);
    expect(await after.decode(key, old)).toEqual(one);
    expect(await during.decode(key, fresh)).toEqual(one);
    await expectRefused(before, key, fresh, 'key_id');
    await expectRefused(codecOf(['new', 2]), key, old, 'key_id');
  });

  test('another secret under the same id does not decrypt', async () => {
    expect.hasAssertions();
    await expectRefused(codecOf(['k1', 2]), key, await codec.encode(key, one), 'decryption');
  });

  test('the same secret under another id does not decrypt: the id is covered', async () => {
    expect.hasAssertions();
    const both = codecOf(['k1', 1], ['k2', 1]);
    const frame = (await both.encode(key, one)).slice();
    frame[behind(frame) + 2] = '2'.charCodeAt(0);
    await expectRefused(both, key, withChecksum(key, frame), 'decryption');
  });

  test('an encrypted frame where no key is configured is refused', async () => {
    expect.hasAssertions();
    await expectRefused(new FrameCodec(), key, await codec.encode(key, one), 'key_id');
  });

  test('more tenants than keys are kept', async () => {
    const small = codecOf(['k1', 1]);
    for (let number = 0; number < 300; number += 1) {
      const tenant = keyOf(`t${number}`);
      expect(await small.decode(tenant, await small.encode(tenant, one))).toEqual(one);
    }
  });
});

test('no two frames have the same nonce', async () => {
  const key = keyOf('acme');
  const nonces = new Set<string>();
  for (let run = 0; run < 500; run += 1) {
    const frame = await codec.encode(key, sample(3));
    const start = behind(frame) + 1 + 'k1'.length;
    nonces.add(String(frame.subarray(start, start + 12)));
  }
  expect(nonces.size).toBe(500);
});

/** HKDF-SHA-256 as RFC 5869 writes it down, for one block: not the code under test. */
async function hkdf(ikm: Uint8Array<ArrayBuffer>, info: string): Promise<Uint8Array<ArrayBuffer>> {
  const hmac = async (key: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>) => {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data));
  };
  const prk = await hmac(new Uint8Array(32), ikm);
  return hmac(prk, bytesOf(info, new Uint8Array([1])));
}

test('a frame can be read by whoever follows the documented format, with the master key', async () => {
  const key = keyOf('acme', 'n:users:1');
  const one = sample(4);
  const frame = await codec.encode(key, one);
  const metadata = frame.slice(METADATA, behind(frame));
  const raw = await hkdf(new Uint8Array(secret(1)), 'tiercel frame v1 AES-256-GCM\0acme');
  const aesKey = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
  const start = behind(frame) + 3;
  const additionalData = bytesOf(
    key.fullName.length,
    key.fullName,
    new Uint8Array([2, 2]),
    'k1',
    metadata.length,
    metadata,
  );
  const plain = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: frame.slice(start, start + 12), additionalData },
    aesKey,
    frame.slice(start + 12),
  );
  const clear = await new FrameCodec().encode(key, one);
  expect(new Uint8Array(plain)).toEqual(clear.slice(behind(clear)));
});

describe('a keyring refuses', () => {
  const good = { id: 'k1', secret: secret(7) };

  it.each<[string, { id: string; secret: Uint8Array }[], string]>([
    ['no key', [], 'keys'],
    ['a short secret', [{ ...good, secret: new Uint8Array(31) }], 'keys[0].secret'],
    ['a long secret', [good, { id: 'k2', secret: new Uint8Array(33) }], 'keys[1].secret'],
    ['an empty id', [{ ...good, id: '' }], 'keys[0].id'],
    ['an id beyond ASCII', [{ ...good, id: 'schlüssel' }], 'keys[0].id'],
    ['an id of 33 characters', [{ ...good, id: 'k'.repeat(33) }], 'keys[0].id'],
    ['an id twice', [good, good], 'keys[1].id'],
  ])('%s', (_what, keys, field) => {
    expect(() => Keyring.from(keys)).toThrow(ConfigError);
    expect(() => Keyring.from(keys)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ field })] }) as Error,
    );
  });

  test('a secret that changes afterwards changes nothing: it is a copy', async () => {
    const mine = secret(9).slice();
    const ring = Keyring.from([{ id: 'k9', secret: mine }]);
    mine.fill(0);
    const frame = await new FrameCodec({ keyring: ring }).encode(keyOf('a'), sample(5));
    expect(await codecOf(['k9', 9]).decode(keyOf('a'), frame)).toEqual(sample(5));
  });
});
