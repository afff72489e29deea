import { describe, expect, it, test } from 'vitest';
import { parseEventBody, parseEvents } from '../../../src/invalidation/event.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('domain events', () => {
  it.each<[string, unknown, unknown]>([
    ['one, with its type alone', { type: 'a' }, [{ type: 'a' }]],
    ['a list', [{ type: 'a' }, { type: 'b', id: '1' }], [{ type: 'a' }, { type: 'b', id: '1' }]],
    [
      'one with everything',
      { id: '1', type: 'a', data: { x: [1] }, time: '2026-08-01T00:00:00Z', tenant: 'acme' },
      [{ id: '1', type: 'a', data: { x: [1] }, time: '2026-08-01T00:00:00Z', tenant: 'acme' }],
    ],
    [
      'a CloudEvent, with attributes that say nothing here, and null for those that are not there',
      {
        specversion: '1.0',
        id: '1',
        source: '/a',
        subject: null,
        time: null,
        type: 'a',
        data: null,
      },
      [{ id: '1', type: 'a', data: null }],
    ],
    [
      'the longest names',
      { type: 'a'.repeat(256), id: 'b'.repeat(256) },
      [{ type: 'a'.repeat(256), id: 'b'.repeat(256) }],
    ],
  ])('are read: %s', (_, value, events) => {
    expect(parseEvents(value)).toEqual({ events });
  });

  it.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['body: must be an event: an object with a type']],
    ['null', null, ['body: must be an event: an object with a type']],
    ['no type', {}, ['type: must be a text of 1 to 256 characters']],
    ['an empty type', { type: '' }, ['type: must not be empty']],
    [
      'a type that is too long',
      { type: 'a'.repeat(257) },
      ['type: must have at most 256 characters'],
    ],
    ['an id that is a number', { type: 'a', id: 7 }, ['id: must be a text of 1 to 256 characters']],
    [
      'an id that is too long',
      { type: 'a', id: 'a'.repeat(257) },
      ['id: must have at most 256 characters'],
    ],
    ['a list in a list', [[{ type: 'a' }]], ['0: must be an event: an object with a type']],
    ['an empty list', [], ['body: must hold 1 to 1000 events, and holds 0']],
    [
      'several things at once',
      [{ type: 'a' }, { type: 7, id: '' }],
      ['1.id: must not be empty', '1.type: must be a text of 1 to 256 characters'],
    ],
  ])('are refused: %s', (_, value, problems) => {
    expect(parseEvents(value)).toEqual({ problems });
  });

  test('may be 1,000, and not 1,001', () => {
    const many = (count: number) => Array.from({ length: count }, () => ({ type: 'a' }));
    expect(parseEvents(many(1000))).toHaveProperty('events.length', 1000);
    expect(parseEvents(many(1001))).toHaveProperty('problems.length', 1);
  });

  test('of another format have their first hundred problems told', () => {
    const parsed = parseEvents(Array.from({ length: 150 }, () => ({ kind: 'S3cret' })));
    expect(parsed).toHaveProperty('problems.length', 101);
    expect(parsed).toHaveProperty('problems.100', 'and 50 more');
    expect(JSON.stringify(parsed)).not.toContain('S3cret');
  });

  test('are read out of bytes', () => {
    expect(parseEventBody(bytes('{"type":"é"}'))).toEqual({ events: [{ type: 'é' }] });
    for (const wrong of [
      bytes(''),
      bytes('{'),
      bytes('undefined'),
      Uint8Array.of(0x22, 0xff, 0x22),
    ])
      expect(parseEventBody(wrong)).toEqual({ problems: ['body: is not valid JSON'] });
  });
});
