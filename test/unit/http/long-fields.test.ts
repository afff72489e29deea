import { expect, it } from 'vitest';
import { formatCacheStatus } from '../../../src/http/cache-status.ts';
import { parseHttpDate } from '../../../src/http/date.ts';
import { isStrong, matchesIfNoneMatch, matchesStrongly } from '../../../src/http/etag.ts';
import { deleteHopByHop } from '../../../src/http/hop-by-hop.ts';
import { ifRangeHolds } from '../../../src/http/preconditions.ts';
import { parseContentRange, parseRange } from '../../../src/http/range.ts';
import { parseDirectiveDictionary, parseStringList } from '../../../src/http/structured-fields.ts';
import { normaliseSelecting, parseVary, preferredLanguage } from '../../../src/http/vary.ts';

const LENGTH = 250_000;

const PARTS = [
  ' ',
  '\t',
  'a',
  '0',
  ',',
  ', ',
  ' ,',
  '"',
  '"a',
  '\\',
  '"\\',
  'a,',
  'a ',
  'a=1,',
  '-',
  '-a',
];
const MORE_PARTS = [
  '0-0,',
  'a-',
  ';',
  ';q=',
  'en;q=1,',
  '=',
  '""',
  'W/"a",',
  'W/',
  ':',
  '(',
  '%"',
  '1 ',
];

/** A function of a field's value, and what its field begins with when it is read to its end. */
const READERS: readonly [string, (field: string) => unknown, readonly string[]][] = [
  ['parseVary', parseVary, ['']],
  ['normaliseSelecting', (field) => normaliseSelecting('foo', field), ['', 'a']],
  [
    'normaliseSelecting of languages',
    (field) => normaliseSelecting('accept-language', field),
    ['', 'en'],
  ],
  ['preferredLanguage', preferredLanguage, ['', 'en']],
  ['parseRange', parseRange, ['bytes=', 'bytes=0-']],
  ['parseContentRange', parseContentRange, ['bytes ', 'bytes 0-', 'bytes 0-0/']],
  ['matchesIfNoneMatch', (field) => matchesIfNoneMatch(field, '"b"'), ['', '"']],
  ['isStrong', isStrong, ['', '"']],
  ['matchesStrongly', (field) => matchesStrongly(field, field), ['"']],
  [
    'ifRangeHolds',
    (field) => ifRangeHolds(field, { etag: field, lastModified: field, date: field }, 0),
    ['', '"'],
  ],
  ['parseHttpDate', (field) => parseHttpDate(field, 0), ['', 'Sun, ']],
  ['parseDirectiveDictionary', parseDirectiveDictionary, ['', 'a=', 'a="', 'a=(']],
  ['parseStringList', parseStringList, ['', '"']],
  [
    'formatCacheStatus',
    (field) => formatCacheStatus({ hit: true, ttl: 1, detail: field, key: field }, field),
    ['', 'A;a='],
  ],
  ['deleteHopByHop', (field) => deleteHopByHop(new Headers({ connection: field })), ['a']],
];

it.each(READERS)(
  '%s reads a field of 250 KB in no time, however it is made',
  (_name, read, starts) => {
    for (const start of starts)
      for (const part of [...PARTS, ...MORE_PARTS]) {
        const field = start + part.repeat(LENGTH / part.length);
        const before = performance.now();
        read(field);
        // Quadratic time would be minutes; this bound is only there to end the wait.
        expect({ part, inTime: performance.now() - before < 10_000 }).toEqual({
          part,
          inTime: true,
        });
      }
  },
  120_000,
);
