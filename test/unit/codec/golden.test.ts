import { describe, expect, it, test } from 'vitest';
import stored from '../../golden/frame-v1.hex?raw';
import type { Entry } from '../../../src/codec/entry.ts';
import { decodeFrame, encodeFrame } from '../../../src/codec/frame.ts';
import { KeySpace, parseName, type CacheKey } from '../../../src/tenant/key.ts';
import { encodeKey } from '../../../src/tenant/segments.ts';
import { tenantId } from '../support/tenants.ts';
import { httpEntry, httpKey, valueEntry, valueKey } from './golden-entries.ts';

/** A frame of the file: `[label] full name`, then its bytes in hexadecimal. */
function golden(label: string): { readonly name: string; readonly bytes: Uint8Array } {
  const match = new RegExp(`^\\[${label}\\] (.+)\\n((?:[0-9a-f]+\\n?)+)`, 'm').exec(stored);
  if (!match) throw new Error(`No frame [${label}] in the golden file.`);
  const [, name = '', hex = ''] = match;
  const pairs = hex.replaceAll('\n', '').match(/../g) ?? [];
  return { name, bytes: Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)) };
}

describe.each<[string, CacheKey, Entry]>([
  ['http', httpKey, httpEntry],
  ['value', valueKey, valueEntry],
])('the %s entry as version 1 stores it', (label, key, entry) => {
  const { name, bytes } = golden(label);

  test('is filed under the same name', () => {
    expect(key.fullName).toBe(name);
    expect(key.name).toBe(name);
  });

  test('is read', () => {
    expect(decodeFrame(name, bytes)).toEqual(entry);
  });

  test('is written in the same bytes', () => {
    expect(encodeFrame(name, entry)).toEqual(bytes);
    expect(encodeFrame(name, decodeFrame(name, bytes))).toEqual(bytes);
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
