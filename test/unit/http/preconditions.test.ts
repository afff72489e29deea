import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  ifRangeHolds,
  isNotModified,
  type StoredValidators,
} from '../../../src/http/preconditions.ts';

const NOW = Date.UTC(2026, 7, 1);
const at = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();
const NONE = { etag: null, lastModified: null, date: null };

describe('a condition of a GET (RFC 9110, section 13.2.2; RFC 9111, section 4.3.2)', () => {
  type Case = [string, Record<string, string>, Partial<StoredValidators & { status: number }>];
  const decide = (headers: Record<string, string>, stored: Case[2]) =>
    isNotModified(new Headers(headers), { status: 200, ...NONE, ...stored }, NOW);

  it.each<Case>([
    ['If-None-Match names the tag (13.1.2)', { 'if-none-match': '"x", "a"' }, { etag: '"a"' }],
    ['by weak comparison', { 'if-none-match': 'W/"a"' }, { etag: '"a"' }],
    ['of a weak tag', { 'if-none-match': '"a"' }, { etag: 'W/"a"' }],
    ['any tag', { 'if-none-match': '*' }, { etag: '"a"' }],
    ['any, where there is no tag', { 'if-none-match': '*' }, {}],
    [
      'If-None-Match goes before If-Modified-Since (13.1.3)',
      { 'if-none-match': '"a"', 'if-modified-since': at(-100) },
      { etag: '"a"', lastModified: at(-50) },
    ],
    ['modified then (13.1.3)', { 'if-modified-since': at(-50) }, { lastModified: at(-50) }],
    ['modified before', { 'if-modified-since': at(-50) }, { lastModified: at(-51) }],
    [
      'the same second in another form (5.6.7)',
      { 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' },
      { lastModified: 'Sun, 06 Nov 1994 08:49:37 GMT' },
    ],
    ['no Last-Modified, made before', { 'if-modified-since': at(-50) }, { date: at(-50) }],
    ['a date to come', { 'if-modified-since': at(50) }, { lastModified: at(-50) }],
    ['a part', { 'if-none-match': '"a"' }, { etag: '"a"', status: 206 }],
  ])('is not modified: %s', (_what, headers, stored) => {
    expect(decide(headers, stored)).toBe(true);
  });

  it.each<Case>([
    ['no condition', {}, { etag: '"a"', lastModified: at(-50), date: at(-50) }],
    ['another tag', { 'if-none-match': '"b"' }, { etag: '"a"' }],
    ['no tag here', { 'if-none-match': '"a"' }, {}],
    ['an empty If-None-Match', { 'if-none-match': '' }, { etag: '"a"' }],
    ['a tag that is none, of each', { 'if-none-match': 'a' }, { etag: 'a' }],
    [
      'If-None-Match goes before If-Modified-Since (13.1.3)',
      { 'if-none-match': '"b"', 'if-modified-since': at(0) },
      { etag: '"a"', lastModified: at(-50) },
    ],
    [
      'If-None-Match, even where there is no tag',
      { 'if-none-match': '"b"', 'if-modified-since': at(0) },
      { lastModified: at(-50) },
    ],
    ['modified since', { 'if-modified-since': at(-50) }, { lastModified: at(-49) }],
    [
      'modified since, though made before',
      { 'if-modified-since': at(-50) },
      { lastModified: at(-49), date: at(-60) },
    ],
    ['no Last-Modified, made since', { 'if-modified-since': at(-50) }, { date: at(-49) }],
    ['nothing to compare with', { 'if-modified-since': at(0) }, {}],
    [
      'an invalid Last-Modified',
      { 'if-modified-since': at(0) },
      { lastModified: 'yesterday', date: at(-50) },
    ],
    ['an invalid date is no condition', { 'if-modified-since': 'now' }, { lastModified: at(-50) }],
    ['the same text, which is no date', { 'if-modified-since': 'then' }, { lastModified: 'then' }],
    ['two dates', { 'if-modified-since': `${at(0)}, ${at(0)}` }, { lastModified: at(-50) }],
    ['an error (13.2.1)', { 'if-none-match': '*' }, { etag: '"a"', status: 404 }],
    ['a redirect (13.2.1)', { 'if-none-match': '"a"' }, { etag: '"a"', status: 301 }],
    ['no content', { 'if-none-match': '"a"' }, { etag: '"a"', status: 204 }],
  ])('is answered in full: %s', (_what, headers, stored) => {
    expect(decide(headers, stored)).toBe(false);
  });

  test('never throws, whatever is sent and stored', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom('"', 'W', '/', ',', ' ', 'a', '*', '0', ':') }),
      fc.constantFrom(at(0), '"a"'),
    );
    fc.assert(
      fc.property(text, text, text, (field, etag, date) => {
        const headers = new Headers({ 'if-none-match': field, 'if-modified-since': date });
        const stored = { status: 200, etag, lastModified: field, date };
        const decisions = [isNotModified(headers, stored, NOW), ifRangeHolds(field, stored, NOW)];
        for (const decision of decisions) expect(typeof decision).toBe('boolean');
      }),
    );
  });
});

describe('If-Range (RFC 9110, section 13.1.5)', () => {
  const decide = (field: string, stored: Partial<StoredValidators>) =>
    ifRangeHolds(field, { ...NONE, ...stored }, NOW);
  type Case = [string, string, Partial<StoredValidators>];

  it.each<Case>([
    ['the tag', '"a"', { etag: '"a"' }],
    [
      'the date, a second before the answer (8.8.2.2)',
      at(-9),
      { lastModified: at(-9), date: at(-8) },
    ],
    ['the date, long before', at(-999), { lastModified: at(-999), date: at(0), etag: '"a"' }],
  ])('holds: %s', (_what, field, stored) => {
    expect(decide(field, stored)).toBe(true);
  });

  it.each<Case>([
    ['another tag', '"b"', { etag: '"a"' }],
    ['a weak tag (8.8.3.2)', 'W/"a"', { etag: 'W/"a"' }],
    ['a weak tag in the field', 'W/"a"', { etag: '"a"' }],
    ['a weak tag here', '"a"', { etag: 'W/"a"' }],
    ['no tag here', '"a"', {}],
    ['any, which is no form of it', '*', { etag: '"a"' }],
    ['two tags, which are no form of it', '"a", "b"', { etag: '"a"' }],
    ['a tag that is none, of each', 'a', { etag: 'a', lastModified: 'a', date: at(0) }],
    ['nothing', '', { etag: '', lastModified: '', date: at(0) }],
    ['a later date', at(-8), { lastModified: at(-9), date: at(0) }],
    ['an earlier date', at(-10), { lastModified: at(-9), date: at(0) }],
    ['the date, within the second of the answer', at(-9), { lastModified: at(-9), date: at(-9) }],
    ['the date, after the answer', at(-9), { lastModified: at(-9), date: at(-20) }],
    ['the date, of an answer that does not say when it was made', at(-9), { lastModified: at(-9) }],
    ['the date of the answer', at(-9), { date: at(-9) }],
    [
      'the same second in another form: not exactly the same',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      { lastModified: 'Sun, 06 Nov 1994 08:49:37 GMT', date: at(0) },
    ],
  ])('does not hold: %s', (_what, field, stored) => {
    expect(decide(field, stored)).toBe(false);
  });
});
