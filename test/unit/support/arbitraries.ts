import * as fc from 'fast-check';
import type { Entry, EntryForm } from '../../../src/codec/entry.ts';

const RESERVED = '~ % : ? / a A . - _ 0 \0 \ud800 \udc00 \uffff 😀 é %7E %3A'.split(' ');

/** Any sequence of UTF-16 code units, lone surrogates included, with what the key grammar reserves drawn often. */
export const text = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.string({
    unit: fc.constantFrom(...RESERVED),
  }),
  fc.string({ unit: 'grapheme' }),
);

export const tenantText = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/);

/** Segments of a key. One empty segment alone is left out: it makes no key. */
export const segments = fc
  .array(text, { minLength: 1, maxLength: 6 })
  .filter((list) => list.join('') !== '' || list.length > 1);

const time = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

const form: fc.Arbitrary<EntryForm> = fc.oneof(
  fc.record({
    type: fc.constant('http' as const),
    status: fc.integer({ min: 200, max: 599 }),
    headers: fc.array(fc.tuple(text, text), { maxLength: 6 }),
  }),
  fc.record({ type: fc.constant('value' as const), contentType: text }),
);

export const epoch = fc.stringMatching(/^[0-9a-f]{32}$/);

/** Any entry that the codec must carry. */
export const entry: fc.Arbitrary<Entry> = fc.record({
  value: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    // Something that gzip makes smaller.
    fc.tuple(fc.nat(255), fc.nat(3000)).map(([byte, size]) => new Uint8Array(size).fill(byte)),
  ),
  form,
  etag: fc.option(text, { nil: undefined }),
  createdAt: time,
  freshUntil: time,
  staleUntil: time,
  staleIfErrorUntil: time,
  expiresAt: time,
  lifeUntil: time,
  tags: fc.array(text, { maxLength: 5 }),
  loadMs: time,
  stamp: fc.record({ epoch, asOf: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }) }),
});
