import { cc, rows, topic, type Case, type Fields, type Step } from '../../support/http-case.ts';

const ask = (headers: Readonly<Record<string, string>> = {}): Pick<Step, 'request'> => ({
  request: { headers: Object.entries(headers) },
});
const varies = (...names: readonly string[]): Fields =>
  cc('max-age=60', ...names.map((name) => ['vary', name] as const));

/** One request is answered, then another one asks. */
const then = (
  name: string,
  vary: string,
  first: Readonly<Record<string, string>>,
  second: Readonly<Record<string, string>>,
  from: 'store' | 'origin',
): Case => ({
  section: 'RFC 9111 4.1',
  name,
  steps: [
    { ...ask(first), origin: { headers: varies(vary) } },
    {
      ...ask(second),
      expect: { from, ...(from === 'origin' ? { cacheStatus: { fwd: 'vary-miss' } } : {}) },
    },
  ],
});

export const reused = topic('which variant is reused [trap:vary]', [
  then('the same value', 'Foo', { foo: '1' }, { foo: '1' }, 'store'),
  then('another value', 'Foo', { foo: '1' }, { foo: '2' }, 'origin'),
  then('absent when it was stored', 'Foo', {}, { foo: '1' }, 'origin'),
  then('absent now', 'Foo', { foo: '1' }, {}, 'origin'),
  then('absent both times', 'Foo', {}, {}, 'store'),
  then('empty is not absent', 'Foo', {}, { foo: '' }, 'origin'),
  then(
    'a field that is not named',
    'Foo',
    { foo: '1', other: '2' },
    { foo: '1', other: '3' },
    'store',
  ),
  then(
    'two fields, both the same',
    'Foo, Bar',
    { foo: '1', bar: 'a' },
    { foo: '1', bar: 'a' },
    'store',
  ),
  then(
    'two fields, one differs',
    'Foo, Bar',
    { foo: '1', bar: 'a' },
    { foo: '2', bar: 'a' },
    'origin',
  ),
  then(
    'two fields, the other differs',
    'Foo, Bar',
    { foo: '1', bar: 'a' },
    { foo: '1', bar: 'b' },
    'origin',
  ),
  then('two fields, both absent now', 'Foo, Bar', { foo: '1', bar: 'a' }, {}, 'origin'),
  then(
    'two fields, their values exchanged',
    'Foo, Bar',
    { foo: '1', bar: '2' },
    { foo: '2', bar: '1' },
    'origin',
  ),
  then('three fields', 'A, B, C', { a: '1', b: '2', c: '3' }, { a: '1', b: '2', c: '3' }, 'store'),
  then(
    'three fields, in another order',
    'A, B, C',
    { a: '1', b: '2', c: '3' },
    { c: '3', a: '1', b: '2' },
    'store',
  ),
  then(
    'three fields, the last differs',
    'A, B, C',
    { a: '1', b: '2', c: '3' },
    { a: '1', c: '4', b: '2' },
    'origin',
  ),
  then(
    'three fields, one absent both times',
    'A, B, C',
    { a: '1', c: '3' },
    { a: '1', c: '3' },
    'store',
  ),
  then('a value moved to another field', 'A, B', { a: '1' }, { b: '1' }, 'origin'),
  then('names in any case, spaces apart', ' fOO ,, BAR ', { foo: '1' }, { Foo: '1' }, 'store'),
  then('Cookie', 'Cookie', { cookie: 'a=1' }, { cookie: 'a=2' }, 'origin'),
  then('values in another case are other values', 'Foo', { foo: 'a' }, { foo: 'A' }, 'origin'),
  then(
    'Accept-Encoding counts for nothing',
    'Accept-Encoding',
    { 'accept-encoding': 'br' },
    {},
    'store',
  ),
  ...rows('RFC 9110 12.5.5', [
    ['an empty Vary', varies(''), 'store'],
    ['a Vary of commas', varies(' , ,'), 'store'],
  ]),
  {
    section: 'RFC 9110 5.3',
    name: 'Vary on two lines is one list',
    steps: [
      { ...ask({ foo: '1', bar: '1' }), origin: { headers: varies('Foo', 'Bar') } },
      { ...ask({ foo: '1', bar: '2' }) },
      { ...ask({ foo: '1', bar: '1' }), expect: { from: 'store', of: 1 } },
    ],
  },
  ...['*', '*, *', ', *', '*, Foo', 'Foo, *', ' * '].map((value): Case => ({
    section: 'RFC 9111 4.1',
    name: `Vary: ${value} is never reused`,
    steps: [{ ...ask({ foo: '1' }), origin: { headers: varies(value) } }, ask({ foo: '1' })],
  })),
  ...[
    ['*', '*'],
    ['', '*'],
    ['Foo', '*'],
    ['*', 'Foo'],
  ].map((lines): Case => ({
    section: 'RFC 9111 4.1',
    name: `Vary on the lines "${lines.join('" and "')}" is never reused`,
    steps: [{ ...ask({ foo: '1' }), origin: { headers: varies(...lines) } }, ask({ foo: '1' })],
  })),
]);

const language = (
  first: string,
  second: string,
  from: 'store' | 'origin',
  also: Fields = [],
): Case => ({
  section: 'RFC 9110 12.5.4',
  name: `"${first}", then "${second}"${also.length > 0 ? ', Content-Language: de' : ''}`,
  steps: [
    {
      ...ask({ 'accept-language': first }),
      origin: { headers: [...varies('Accept-Language'), ...also] },
    },
    { ...ask({ 'accept-language': second }), expect: { from } },
  ],
});
const german: Fields = [['content-language', 'de']];

export const alike = topic('values that mean the same [trap:vary]', [
  {
    section: 'RFC 9110 5.3',
    name: 'two lines are one list',
    steps: [
      { ...ask({ foo: '1, 2' }), origin: { headers: varies('Foo') } },
      {
        request: {
          headers: [
            ['foo', '1'],
            ['foo', '2'],
          ],
        },
        expect: { from: 'store' },
      },
    ],
  },
  then('spaces around commas', 'Foo', { foo: '1,2' }, { foo: ' 1 , 2 ' }, 'store'),
  then('spaces within quotes count', 'Foo', { foo: '"1,2"' }, { foo: '"1, 2"' }, 'origin'),
  language('en, de', 'de, en', 'store'),
  language('en, de', 'eN, De', 'store'),
  language('en, de', ' en ,   de', 'store'),
  language('en, de', 'en;q=1, de;q=1.0', 'store'),
  language('en;q=0.8, de', 'de, en;q=0.8', 'store'),
  language('en, de;q=0.5', 'de, en;q=0.5', 'origin'),
  language('en', 'en-GB', 'origin'),
  language('en', 'en;q=0', 'origin'),
  language('en, de', 'fr;q=0.5, de;q=1.0', 'store', german),
  language('de', 'fr, de;q=0.5', 'origin', german),
  language('en', 'de', 'store', german),
  language('en', 'en', 'store', german),
]);
