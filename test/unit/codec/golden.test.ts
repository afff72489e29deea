import { describe, expect, it, test } from 'vitest';
import stored from '../../golden/frame-v1.hex?raw';
import type { Entry } from '../../../src/codec/entry.ts';
import { FrameCodec } from '../../../src/codec/frame.ts';
import { KeySpace, parseName, type CacheKey } from '../../../src/tenant/key.ts';
import { encodeKey } from '../../../src/tenant/segments.ts';
import { tenantId } from '../support/tenants.ts';
import {
  goldenKeyring,
  httpEntry,
  httpKey,
  longEntry,
  longKey,
  valueEntry,
  valueKey,
} from './golden-entries.ts';

/** A frame of the file: `[label] full name`, then its bytes in hexadecimal. */
function golden(label: string): { readonly name: string; readonly bytes: Uint8Array } {
  const match = new RegExp(`^\\[${label}\\] (.+)\\n((?:[0-9a-f]+\\n?)+)`, 'm').exec(stored);
  if (!match) throw new Error(`No frame [${label}] in the golden file.`);
  const [, name = '', hex = ''] = match;
  const pairs = hex.replaceAll('\n', '').match(/../g) ?? [];
  return { name, bytes: Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)) };
}

const plain = new FrameCodec();
const gzip = new FrameCodec({ compressionThreshold: 1000 });
const encrypted = new FrameCodec({ keyring: goldenKeyring() });
const both = new FrameCodec({ compressionThreshold: 1000, keyring: goldenKeyring() });

describe.each<[string, CacheKey, Entry, FrameCodec]>([
  ['http', httpKey, httpEntry, plain],
  ['value', valueKey, valueEntry, plain],
  ['gzip', longKey, longEntry, gzip],
  ['encrypted', httpKey, httpEntry, encrypted],
  ['gzip-encrypted', longKey, longEntry, both],
])('the %s entry as version 1 stores it', (label, key, entry, codec) => {
  const { name, bytes } = golden(label);

  test('is filed under the same name', () => {
    expect(key.fullName).toBe(name);
    expect(key.name).toBe(name);
  });

  test('is read', async () => {
    expect(await codec.decode(key, bytes)).toEqual(entry);
  });

  test('is written again, and read', async () => {
    const again = await codec.encode(key, entry);
    expect(again[52]).toBe(bytes[52]);
    expect(await codec.decode(key, again)).toEqual(entry);
  });

  test("is written in the same bytes, but for what gzip makes of them: that is the platform's", async () => {
    const metadataEnd = 61 + new DataView(bytes.buffer).getUint32(57);
    const isPacked = ((bytes[52] ?? 0) & 1) !== 0;
    const comparable = (frame: Uint8Array) =>
      isPacked ? [frame.slice(0, 53), frame.slice(57, metadataEnd)] : frame;
    const frame = await codec.encode(key, entry);
    expect(comparable(frame)).toEqual(comparable(bytes));
  });
});

/*
 * A name that changes loses every entry that is stored under the old one, and a purge that is on its way would miss:
 * these strings may only change together with the version of the key space.
 */
describe('key names', () => {
  it.each<[string, string, readonly string[], string]>([
    ['a library key', 'tc:1:acme', ['n', 'users', '42'], 'tc:v1:t:acme:n:users:42'],
    ['of the HTTP API', 'tc:1:acme', ['e', 'a b'], 'tc:v1:t:acme:e:a%20b'],
    ['another prefix and version', 'my-app:12:a-b_c', ['e', 'k'], 'my-app:v12:t:a-b_c:e:k'],
    ['reserved characters', 'tc:1:acme', ['~', '%', ':', '?'], 'tc:v1:t:acme:%7E:%25:%3A:%3F'],
    ['an empty segment', 'tc:1:acme', ['e', '', 'k', ''], 'tc:v1:t:acme:e::k:'],
    ['control characters', 'tc:1:acme', ['\0\n\u007f'], 'tc:v1:t:acme:%00%0A%7F'],
    ['beyond ASCII', 'tc:1:acme', ['é€😀'], 'tc:v1:t:acme:%C3%A9%E2%82%AC%F0%9F%98%80'],
    ['lone surrogates', 'tc:1:acme', ['\ud800', '\udc00'], 'tc:v1:t:acme:%ED%A0%80:%ED%B0%80'],
    ['all that stays as it is', 'tc:1:acme', ['AZaz09._-'], 'tc:v1:t:acme:AZaz09._-'],
    [
      'over 512 bytes',
      'tc:1:acme',
      ['n', 'x'.repeat(600)],
      `tc:v1:t:acme:n:${'x'.repeat(432)}~7e8bcfaad83df4ffa908f65e5edcad77cb44c2cfdda5a5fae37941d647d7e0da`,
    ],
    [
      'over 512 bytes, its escape cut in two',
      'tc:1:a',
      ['x'.repeat(435), 'é'.repeat(60)],
      `tc:v1:t:a:${'x'.repeat(435)}:%~e207333c121b8f1eeb67997ad683b0add5b8042195b5d5c9482e7ad8c0789782`,
    ],
  ])('%s', (_what, place, segments, name) => {
    const [prefix = '', version = '', tenant = ''] = place.split(':');
    const space = new KeySpace(prefix, Number(version));
    const key = space.key(tenantId(tenant), encodeKey(segments));
    expect(key.name).toBe(name);
    expect(parseName(name)).toMatchObject({ prefix, version: Number(version), tenant });
  });

  test('internal records', () => {
    const space = new KeySpace('tc', 1);
    expect(space.record(tenantId('acme'), 'ledger')).toBe('tc:v1:t:acme:~ledger');
    expect(space.record(tenantId('acme'), 'lease:n:users:42')).toBe(
      'tc:v1:t:acme:~lease:n:users:42',
    );
  });
});
