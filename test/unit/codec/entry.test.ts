import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryBytes } from '../../../src/codec/entry.ts';
import { entry } from '../support/arbitraries.ts';

test('an entry is never estimated below its value and two bytes for each unit of its texts', () => {
  fc.assert(
    fc.property(entry, (one) => {
      const texts = [one.etag ?? '', ...one.tags, one.stamp.epoch];
      if (one.form.type === 'http') texts.push(...one.form.headers.flat());
      else texts.push(one.form.contentType);
      const units = texts.reduce((sum, part) => sum + part.length, 0);
      expect(entryBytes(one)).toBeGreaterThanOrEqual(one.value.byteLength + 2 * units);
    }),
  );
});

test('even an empty entry costs something: a million of them must not fit any budget', () => {
  const [one] = fc.sample(entry, 1);
  if (!one) throw new Error('no sample');
  const empty = { ...one, value: new Uint8Array(0), tags: [], etag: undefined };
  expect(entryBytes({ ...empty, form: { type: 'value', contentType: '' } })).toBeGreaterThan(256);
});

test('each header and each tag adds to it, also an empty one', () => {
  const [one] = fc.sample(entry, 1);
  if (!one) throw new Error('no sample');
  const http = (headers: [string, string][]) =>
    entryBytes({ ...one, form: { type: 'http', status: 200, headers } });
  expect(http([['', '']])).toBeGreaterThan(http([]));
  expect(entryBytes({ ...one, tags: [''] })).toBeGreaterThan(entryBytes({ ...one, tags: [] }));
});
