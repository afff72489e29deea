import { describe, expect, it, test } from 'vitest';
import { ConfigError, InvalidKey } from '../../../src/errors.ts';
import { configuredRules } from '../../../src/invalidation/configured.ts';
import { decide, type Resolve } from '../../../src/invalidation/decide.ts';
import { RuleBook, type AnyRule } from '../../../src/invalidation/rules.ts';
import { parsePurgeBody } from '../../../src/routes/purge-body.ts';
import { tagTarget, type Target } from '../../../src/tenant/target.ts';
import { tenant } from '../support/tenants.ts';

/** Reads tags alone, and `all`. */
const resolve: Resolve = (output) => {
  const { tags = [], all, ...rest }: { tags?: readonly string[]; all?: true } = output;
  if (Object.keys(rest).length > 0) throw new InvalidKey('There is no such target.');
  return [...tags.map(tagTarget), ...(all ? ['*' as const] : [])];
};

function rulesOf(rules: Readonly<Record<string, AnyRule | readonly AnyRule[]>>): RuleBook {
  const book = new RuleBook();
  for (const [type, some] of Object.entries(rules))
    for (const rule of [some].flat() as readonly AnyRule[]) book.add(type, rule);
  return book;
}

const tags = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `t${from + at}`);

describe('what an event purges', () => {
  test('is what all of its rules name, each target once, by mode', () => {
    const rules = rulesOf({
      a: [
        () => ({ tags: ['x', 'y', 'x'] }),
        (data) => ({ tags: [`d:${String(data)}`] }),
        () => ({ tags: ['s', 'x'], mode: 'soft' }),
        (_, event) => ({ tags: [event.id] }),
      ],
    });
    const decision = decide(
      [
        { type: 'a', id: 'e', data: 7 },
        { type: 'a', id: 'f' },
      ],
      rules,
      resolve,
    );
    expect(decision).toEqual({
      outcomes: [
        { id: 'e', type: 'a', outcome: 'applied', targets: 6 },
        { id: 'f', type: 'a', outcome: 'applied', targets: 6 },
      ],
      faults: [],
      hard: ['t:x', 't:y', 't:d:7', 't:e', 't:d:undefined', 't:f'],
      soft: ['t:s'],
      coarsened: false,
    });
  });

  test.each<[string, AnyRule]>([
    ['undefined', () => undefined],
    ['an empty object', () => ({})],
    ['empty lists', () => ({ tags: [], keys: [], all: undefined, mode: 'soft' })],
  ])('may be nothing: %s', (_, rule) => {
    expect(decide([{ type: 'a' }], rulesOf({ a: rule }), resolve)).toMatchObject({
      outcomes: [{ type: 'a', outcome: 'applied', targets: 0 }],
      hard: [],
      soft: [],
    });
  });

  test('is found by its type exactly, whatever it is called', () => {
    const rules = rulesOf({ 'city.updated': () => ({ tags: ['x'] }) });
    for (const type of ['city', 'city.updated.x', 'City.updated', 'constructor', '__proto__'])
      expect(decide([{ type }], rules, resolve)).toMatchObject({
        outcomes: [{ type, outcome: 'unknown', targets: 0 }],
        hard: [],
      });
  });
});

describe('an event fails, and no other does', () => {
  const SECRET = 'S3cret';
  test.each<[string, AnyRule, string, 'threw' | 'invalid']>([
    [
      'a rule throws',
      () => {
        throw new Error(SECRET);
      },
      'A rule threw.',
      'threw',
    ],
    [
      'a rule takes apart what is not there',
      (data) => ({ tags: [(data as { a: { b: string } }).a.b] }),
      'A rule threw.',
      'threw',
    ],
    [
      'a rule is asynchronous',
      async () => ({ tags: ['x'] }),
      'A rule answered a promise; rules are not asynchronous.',
      'invalid',
    ],
    [
      'a promise rejects',
      async () => {
        throw new Error(SECRET);
      },
      'A rule answered a promise; rules are not asynchronous.',
      'invalid',
    ],
    [
      'a rule answers text',
      () => SECRET,
      'A rule must answer an object of targets, or undefined for none.',
      'invalid',
    ],
    [
      'a rule answers null',
      () => null,
      'A rule must answer an object of targets, or undefined for none.',
      'invalid',
    ],
    [
      'a rule answers a list',
      () => [SECRET],
      'A rule must answer an object of targets, or undefined for none.',
      'invalid',
    ],
    [
      'there is no such mode',
      () => ({ tags: ['x'], mode: SECRET }),
      "The mode that a rule answers must be 'hard' or 'soft'.",
      'invalid',
    ],
    ['there are no such targets', () => ({ tag: SECRET }), 'There is no such target.', 'invalid'],
    [
      'the targets can not be read',
      () => ({
        get tags(): never {
          throw new Error(SECRET);
        },
      }),
      'A rule threw.',
      'threw',
    ],
    [
      'there are too many targets',
      () => ({ tags: tags(0, 101) }),
      'The event names more than 100 targets.',
      'invalid',
    ],
  ])('%s', (_, rule, error, code) => {
    const rules = rulesOf({
      bad: [() => ({ tags: ['of the bad one'] }), rule],
      good: () => ({ tags: ['x'] }),
    });
    const { outcomes, hard, soft, faults } = decide(
      [{ type: 'good' }, { type: 'bad', id: 'b', data: SECRET }, { type: 'good' }],
      rules,
      resolve,
    );
    expect(outcomes).toEqual([
      { type: 'good', outcome: 'applied', targets: 1 },
      { id: 'b', type: 'bad', outcome: 'failed', targets: 0, error },
      { type: 'good', outcome: 'applied', targets: 1 },
    ]);
    expect([hard, soft]).toEqual([['t:x'], []]);
    expect(faults).toEqual([{ code, error: expect.anything() as unknown }]);
    expect(JSON.stringify(outcomes)).not.toContain(SECRET);
  });

  test('two rules of an event may name 100 targets together', () => {
    const rules = rulesOf({
      a: [() => ({ tags: tags(0, 60) }), () => ({ tags: tags(40, 60), mode: 'soft' })],
    });
    expect(decide([{ type: 'a' }], rules, resolve).outcomes).toMatchObject([{ outcome: 'failed' }]);
  });
});

describe('a message that names much', () => {
  /** Events whose rule names 100 tags from a number on, and more of another length. */
  const decided = (hard: readonly number[], soft: readonly number[] = [], size = 0) => {
    const of =
      (mode: string): AnyRule =>
      (data) => ({
        tags: tags(Number(data), 100).map((tag) => tag.padEnd(size, 'x')),
        mode,
      });
    return decide(
      [
        ...hard.map((data) => ({ type: 'hard', data })),
        ...soft.map((data) => ({ type: 'soft', data })),
      ],
      rulesOf({ hard: of('hard'), soft: of('soft') }),
      resolve,
    );
  };
  const hundreds = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => from + 100 * at);
  const size = ({ hard, soft }: { hard: readonly Target[]; soft: readonly Target[] }) => [
    hard.length,
    soft.length,
  ];

  test('marks 2,000 targets, and with one more the tenant', () => {
    expect(decided(hundreds(20))).toMatchObject({ coarsened: false, hard: { length: 2000 } });
    expect(decided([...hundreds(20), 1])).toMatchObject({ coarsened: false });
    expect(decided([...hundreds(20), 1901])).toMatchObject({
      coarsened: true,
      hard: ['*'],
      soft: [],
    });
  });

  test('keeps its hard targets when only the soft ones are too many', () => {
    const all = decided(hundreds(10), hundreds(11, 1000));
    expect(all.coarsened).toBe(true);
    expect(all.soft).toEqual(['*']);
    expect(all.hard).toHaveLength(1000);
    expect(size(decided(hundreds(10), hundreds(10, 1000)))).toEqual([1000, 1000]);
    expect(decided([], hundreds(21))).toMatchObject({ hard: [], soft: ['*'], coarsened: true });
    expect(decided(hundreds(21), hundreds(1))).toMatchObject({ hard: ['*'], soft: [] });
  });

  test('counts what is hit hard already not twice', () => {
    expect(size(decided(hundreds(20), hundreds(20)))).toEqual([2000, 0]);
  });

  test('marks the tenant also when its targets are long', () => {
    expect(decided(hundreds(10), [], 250)).toMatchObject({ coarsened: false });
    expect(decided(hundreds(11), [], 250)).toMatchObject({ coarsened: true, hard: ['*'] });
  });

  test('has one target where the whole tenant is named, which is no coarsening', () => {
    const rules = rulesOf({
      all: () => ({ all: true, tags: ['x'] }),
      softly: () => ({ all: true, tags: ['y'], mode: 'soft' }),
      one: () => ({ tags: ['z'] }),
    });
    const of = (...types: string[]) =>
      decide(
        types.map((type) => ({ type })),
        rules,
        resolve,
      );
    expect(of('all', 'softly', 'one')).toMatchObject({ hard: ['*'], soft: [], coarsened: false });
    expect(of('softly', 'one')).toMatchObject({ hard: ['t:z'], soft: ['*'], coarsened: false });
  });
});

describe('rules of a configuration', () => {
  const acme = tenant('acme');
  const ofPurge: Resolve = (output) => {
    const parsed = parsePurgeBody(output, acme);
    if ('problems' in parsed) throw new InvalidKey(parsed.problems.join());
    return parsed.targets;
  };

  test('name every kind of target', () => {
    const rules = configuredRules([
      {
        on: 'a',
        tags: ['city:{id}', 'cities'],
        urls: ['https://acme.example/cities/{id}?x={x}'],
        prefixes: ['https://acme.example/c/{id}', 'n:c:{id}'],
        keys: ['n:cities:{id}', ['e', '{x}']],
        hosts: ['acme.example'],
        groups: ['g{id}'],
      },
      { on: 'a', all: true, mode: 'soft' },
    ]);
    const { outcomes, hard, soft } = decide(
      [{ type: 'a', data: { id: 7, x: 'ü:' } }],
      rules,
      ofPurge,
    );
    expect(outcomes).toMatchObject([{ outcome: 'applied' }]);
    expect(soft).toEqual(['*']);
    expect(hard).toEqual(
      expect.arrayContaining([
        't:city:7',
        't:cities',
        'p:g:https:acme.example:cities:7:?x%3D%25C3%25BC%253A',
        'p:g:http:acme.example:c:7',
        'p:n:c:7',
        'k:n:cities:7',
        'k:e:%C3%BC%3A',
        'p:g:https:acme.example',
      ]),
    );
    expect(hard.some((target) => target.includes('g7'))).toBe(true);
  });

  it('name nothing where a list is empty', () => {
    const rules = configuredRules([
      { on: 'a', tags: ['city:{ids}'], urls: ['https://acme.example/{ids}'] },
    ]);
    expect(decide([{ type: 'a', data: { ids: [] } }], rules, ofPurge)).toMatchObject({
      outcomes: [{ outcome: 'applied', targets: 0 }],
    });
  });
});

test('a rule without a type, or that is no function, is refused when it is added', () => {
  const book = new RuleBook();
  const add = Reflect.get(book, 'add').bind(book) as (type: unknown, rule: unknown) => void;
  for (const [type, rule] of [
    ['', () => ({})],
    [undefined, () => ({})],
    ['a', undefined],
    ['a', {}],
  ])
    expect(() => add(type, rule)).toThrow(ConfigError);
});
