import { describe, expect, it, test } from 'vitest';
import { FrameCodec } from '../../../src/codec/frame.ts';
import { bytesOf, expectRefused, frameOf, gzipped, keyOf } from './frames.ts';

const key = keyOf('a', 'k');
const codec = new FrameCodec();

const METADATA = '[1,2,3,4,5,6,7,["t"]]';
const FORM = '["\\"e\\"","text/plain"]';
const BODY = bytesOf(FORM.length, FORM, 'hello');
const entry = {
  createdAt: 1,
  loadMs: 7,
  tags: ['t'],
  etag: '"e"',
  form: { type: 'value', contentType: 'text/plain' },
  value: bytesOf('hello'),
};

describe('a frame that somebody made, its checksum right', () => {
  test('(what the tables change is good)', async () => {
    expect(await codec.decode(key, frameOf(key, 0, METADATA, BODY))).toMatchObject(entry);
    const packed = bytesOf(BODY.length, await gzipped(BODY));
    expect(await codec.decode(key, frameOf(key, 1, METADATA, packed))).toMatchObject(entry);
  });

  const broken = bytesOf(METADATA.replace('"t"', '"?"'));
  broken[broken.indexOf(0x3f)] = 0xff;
  const marked = bytesOf(new Uint8Array([0xef, 0xbb, 0xbf]), METADATA);

  it.each<[string, Uint8Array, string]>([
    ['metadata behind a byte order mark', frameOf(key, 0, marked, BODY), 'metadata'],
    ['metadata with a byte that is no UTF-8', frameOf(key, 0, broken, BODY), 'metadata'],
    ['no metadata', frameOf(key, 0, '', BODY), 'metadata'],
    ['a length that cuts the metadata', frameOf(key, 0, METADATA, BODY, 20), 'length'],
    ['a length past the end', frameOf(key, 0, METADATA, BODY, 100), 'length'],
    ['the greatest length', frameOf(key, 0, METADATA, BODY, 0xffffffff), 'length'],
    ['a flag that nobody knows', frameOf(key, 4, METADATA, BODY), 'flags'],
    ['the last flag', frameOf(key, 0x80, METADATA, BODY), 'flags'],
    ['no body', frameOf(key, 0, METADATA, new Uint8Array(0)), 'length'],
    ['half a length', frameOf(key, 0, METADATA, new Uint8Array(3)), 'length'],
    ['a form past the end', frameOf(key, 0, METADATA, bytesOf(100, FORM)), 'length'],
    ['the longest form', frameOf(key, 0, METADATA, bytesOf(0xffffffff, FORM)), 'length'],
    ['a form that is cut', frameOf(key, 0, METADATA, bytesOf(5, FORM)), 'metadata'],
    ['a form that is no UTF-8', frameOf(key, 0, METADATA, bytesOf(1, '\u00ff')), 'metadata'],
    ['a form that is no list', frameOf(key, 0, METADATA, bytesOf(2, '{}')), 'metadata'],
    ['encryption, where no key is', frameOf(key, 2, METADATA, BODY), 'key_id'],
    ['gzip of nothing', frameOf(key, 1, METADATA, new Uint8Array(0)), 'length'],
    ['gzip that is none', frameOf(key, 1, METADATA, bytesOf(40, BODY)), 'compression'],
  ])('%s', async (_what, frame, fault) => {
    expect.hasAssertions();
    await expectRefused(codec, key, frame, fault);
  });
});

describe('gzip that somebody made', () => {
  const refused = async (length: number, ...parts: readonly Uint8Array[]) =>
    expectRefused(codec, key, frameOf(key, 1, METADATA, bytesOf(length, ...parts)), 'compression');

  test('with something behind its end', async () => {
    expect.hasAssertions();
    const packed = await gzipped(BODY);
    await refused(BODY.length, packed, new Uint8Array(1));
    await refused(BODY.length, packed, bytesOf('more'));
    await refused(BODY.length, packed, new Uint8Array(100_000));
  });

  test('of several members: what is checked is not what would be read', async () => {
    expect.hasAssertions();
    const packed = await gzipped(BODY);
    const none = await gzipped(new Uint8Array(0));
    const [head, tail] = [await gzipped(BODY.slice(0, 9)), await gzipped(BODY.slice(9))];
    await refused(BODY.length, head, tail);
    await refused(BODY.length, packed, none);
    await refused(BODY.length, none, packed);
  });

  test('cut anywhere', async () => {
    expect.hasAssertions();
    const packed = await gzipped(BODY);
    for (let length = 0; length < packed.length; length += 1)
      await refused(BODY.length, packed.subarray(0, length));
  });

  test('with any bit of its end changed: CRC and length', async () => {
    expect.hasAssertions();
    const packed = await gzipped(BODY);
    for (let bit = 0; bit < 64; bit += 1) {
      const changed = packed.slice();
      const at = packed.length - 8 + (bit >> 3);
      changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
      await refused(BODY.length, changed);
    }
  });

  test('of more or less than it says', async () => {
    expect.hasAssertions();
    const packed = await gzipped(BODY);
    for (const length of [0, 1, BODY.length - 1, BODY.length + 1, 30_000, 0xffffffff])
      await refused(length, packed);
  });

  test('a bomb is refused by what it says, or stopped where it goes beyond', async () => {
    expect.hasAssertions();
    const packed = await gzipped(new Uint8Array(32 * 1024 * 1024));
    await refused(1000, packed);
    await refused(1_000_000, packed);
    const small = new FrameCodec({ maxValueBytes: 1024 });
    const frame = frameOf(key, 1, METADATA, bytesOf(32 * 1024 * 1024, packed));
    await expectRefused(small, key, frame, 'compression');
  });
});

describe('compression', () => {
  const draft = { ...entry, freshUntil: 2, staleUntil: 3, staleIfErrorUntil: 4, expiresAt: 5 };
  const of = (value: Uint8Array) => ({
    ...draft,
    lifeUntil: 6,
    form: { type: 'value' as const, contentType: 'text/plain' },
    stamp: { epoch: 'a'.repeat(32), asOf: 1 },
    value,
  });
  const flags = async (options: object, value: Uint8Array) =>
    (await new FrameCodec(options).encode(key, of(value)))[52];

  test('begins at the threshold', async () => {
    const options = { compressionThreshold: 1000 };
    expect(await flags(options, new Uint8Array(999))).toBe(0);
    expect(await flags(options, new Uint8Array(1000))).toBe(1);
    expect(await flags({}, new Uint8Array(100_000))).toBe(0);
  });

  test('is kept when it saves an eighth, and only then', async () => {
    const options = { compressionThreshold: 0 };
    const noise = (size: number) => crypto.getRandomValues(new Uint8Array(size));
    expect(await flags(options, noise(4000))).toBe(0);
    expect(await flags(options, bytesOf(noise(3700), new Uint8Array(300)))).toBe(0);
    expect(await flags(options, bytesOf(noise(3000), new Uint8Array(1000)))).toBe(1);
  });

  test('is not used where the value would be refused on the way back', async () => {
    const options = { compressionThreshold: 0, maxValueBytes: 1000 };
    const small = new FrameCodec(options);
    const large = of(new Uint8Array(3_000_000));
    const { value } = await small.decode(key, await small.encode(key, large));
    expect(value).toHaveLength(3_000_000);
  });
});
