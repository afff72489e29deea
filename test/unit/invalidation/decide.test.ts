import { describe, expect, it, test } from 'vitest';
import { ConfigError, InvalidKey } from '../../../src/errors.ts';
import { configuredRules } from '../../../src/invalidation/configured.ts';
import { decide, type Resolve } from '../../../src/invalidation/decide.ts';
import { RuleBook, type AnyRule } from '../../../src/invalidation/rules.ts';
import { ruleTargets } from '../../../src/gateway/rule-targets.ts';
import { ruleFailed } from '../../../src/telemetry/domain-events.ts';
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
    ['null', () => null],
    ['an empty object', () => ({})],
    ['lists that are empty', () => ({ tags: [], prefixes: [] })],
    ['an empty object without a prototype', () => Object.create(null) as unknown],
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
  const NO_OBJECT = 'A rule must answer a plain object of targets, or undefined for none.';
  /** Says what it holds only when it is asked. */
  class Query {
    get tags(): readonly string[] {
      return [SECRET];
    }
  }
  test.each<[string, AnyRule, string, 'threw' | 'invalid']>([
    [
      'a rule throws',
      () => {
        throw new Error(SECRET);
      },
      'A rule threw: Error.',
      'threw',
    ],
    [
      'a rule throws what an application may throw as well as we do',
      () => {
        throw new InvalidKey(SECRET);
      },
      'A rule threw: InvalidKey.',
      'threw',
    ],
    [
      'a rule throws an error whose name says more than its class',
      () => {
        throw Object.assign(new RangeError(SECRET), { name: SECRET });
      },
      'A rule threw: RangeError.',
      'threw',
    ],
    [
      'a rule throws an error of no class',
      () => {
        throw Object.assign(new Error(SECRET), { constructor: undefined });
      },
      'A rule threw: Error.',
      'threw',
    ],
    [
      'a rule throws what is no error',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- What an application does.
        throw SECRET;
      },
      'A rule threw: string.',
      'threw',
    ],
    [
      'a rule takes apart what is not there',
      (data) => ({ tags: [(data as { a: { b: string } }).a.b] }),
      'A rule threw: TypeError.',
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
    ['a rule answers text', () => SECRET, NO_OBJECT, 'invalid'],
    ['a rule answers a list', () => [SECRET], NO_OBJECT, 'invalid'],
    ['a rule answers a set', () => new Set([SECRET]), NO_OBJECT, 'invalid'],
    ['a rule answers a map', () => new Map([['tags', [SECRET]]]), NO_OBJECT, 'invalid'],
    ['a rule answers a query that is not asked yet', () => new Query(), NO_OBJECT, 'invalid'],
    [
      'a member is undefined',
      () => ({ tags: undefined }),
      'A rule answered a member that is undefined; it must be left out.',
      'invalid',
    ],
    [
      'a member beside others is undefined',
      () => ({ tags: ['x'], keys: undefined }),
      'A rule answered a member that is undefined; it must be left out.',
      'invalid',
    ],
    ...[{ tag: [] }, { tags: [], tag: [] }, { mode: 'soft' }].map(
      (answer): [string, AnyRule, string, 'invalid'] => [
        `nothing is named by ${JSON.stringify(answer)}`,
        () => answer,
        'A rule named no target; one that means none must answer undefined.',
        'invalid',
      ],
    ),
    [
      'there is no such target beside one that there is',
      () => ({ tags: ['x'], tag: [] }),
      'There is no such target.',
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
      'A rule threw: Error.',
      'threw',
    ],
    [
      'there are too many targets',
      () => ({ tags: tags(0, 101) }),
      'The event names more than 100 targets.',
      'invalid',
    ],
    [
      'the targets are too long',
      () => ({ tags: tags(0, 99).map((tag) => tag.padEnd(662, 'x')) }),
      'The event names targets of more than 65536 characters together.',
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
    expect(faults).toEqual([{ code, error }]);
    expect(JSON.stringify([outcomes, faults, ruleFailed('acme', code, error)])).not.toContain(
      SECRET,
    );
  });

  test('one that names too much, before anything is made of it', () => {
    const asked: object[] = [];
    const rules = rulesOf({
      a: [() => ({ tags: tags(0, 100) }), () => ({ tags: ['one more'] })],
      b: () => ({ tags: tags(0, 101) }),
    });
    const events = [{ type: 'a' }, { type: 'b' }];
    const decision = decide(events, rules, (named) => {
      asked.push(named);
      return resolve(named);
    });
    expect(decision.outcomes).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }]);
    expect(asked).toEqual([{ tags: tags(0, 100) }]);
  });

  test('one of which each thing is two targets is judged by its targets', () => {
    const twice: Resolve = (named) =>
      resolve(named).flatMap((target): Target[] => [target, `${target}x` as Target]);
    const outcomeOf = (count: number) =>
      decide([{ type: 'a' }], rulesOf({ a: () => ({ tags: tags(0, count) }) }), twice).outcomes[0];
    expect(outcomeOf(50)).toMatchObject({ outcome: 'applied', targets: 100 });
    expect(outcomeOf(51)).toMatchObject({
      outcome: 'failed',
      error: 'The event names more than 100 targets.',
    });
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

  test('goes by the bytes of its targets, not by their characters', () => {
    const rules = rulesOf({
      a: (data) => ({ tags: tags(Number(data), 100).map((tag) => tag.padEnd(250, '€')) }),
    });
    const of = (count: number) =>
      decide(
        hundreds(count).map((data) => ({ type: 'a', data })),
        rules,
        resolve,
      );
    expect(of(3)).toMatchObject({ coarsened: false, hard: { length: 300 } });
    expect(of(4)).toMatchObject({ coarsened: true, hard: ['*'] });
  });

  test('tells of each event what is true of it, also once the tenant is marked', () => {
    const rules = rulesOf({
      hard: (data) => ({ tags: tags(Number(data), 100) }),
      soft: (data) => ({ tags: tags(Number(data), 100), mode: 'soft' }),
      late: () => ({ tags: tags(0, 101) }),
      wrong: () => ({ tag: 'x' }),
      none: () => undefined,
    });
    const of = (...types: readonly string[]) =>
      decide(
        types.map((type, at) => ({ type, data: 100 * at })),
        rules,
        resolve,
      );
    const times = (type: string, count: number): string[] =>
      Array.from({ length: count }, () => type);
    const many = of(...times('hard', 900), 'late', 'wrong', 'none', 'soft', 'unknown');
    expect(many).toMatchObject({ hard: ['*'], soft: [], coarsened: true });
    expect(many.outcomes.slice(0, 900)).toEqual(
      times('hard', 900).map((type) => ({ type, outcome: 'applied', targets: 100 })),
    );
    expect(many.outcomes.slice(900).map(({ outcome, targets }) => [outcome, targets])).toEqual([
      ['failed', 0],
      ['failed', 0],
      ['applied', 0],
      ['applied', 100],
      ['unknown', 0],
    ]);
    // Soft ones alone: what is hit hard is still told apart.
    expect(of(...times('soft', 100), 'hard')).toMatchObject({
      hard: { length: 100 },
      soft: ['*'],
      coarsened: true,
    });
  });

  const TOO_MUCH =
    'The message names too much, targets of more than 1048576 characters together; send its events in several messages.';

  /** Ninety-nine targets that can be purged, and after them a rule that fails. */
  const FAILING: readonly Parameters<typeof configuredRules>[0][number][] = [
    { on: 'a', keys: [['e', 'x'.repeat(640), '{ids}']] },
    { on: 'a', tags: ['{gone}'] },
  ];
  const ninetyNine = { type: 'a', data: { ids: Array.from({ length: 99 }, (_, at) => at) } };

  test('marks nothing when all of its events fail, however much they name', () => {
    const acme = tenant('acme');
    const decision = decide(
      Array.from({ length: 40 }, () => ninetyNine),
      configuredRules(FAILING),
      (named) => ruleTargets(named, acme),
    );
    expect(decision).toMatchObject({ hard: [], soft: [], coarsened: false });
    expect(new Set(decision.outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
    expect(decision.faults).toHaveLength(40);
    expect(decision.faults[0]?.error).toBe("The field 'gone' is missing.");
    expect(decision.faults.at(-1)).toEqual({ code: 'invalid', error: TOO_MUCH });
  });

  test('of which some fail marks what the others name, exactly', () => {
    const rules = configuredRules([...FAILING, { on: 'b', tags: ['{id}'] }]);
    const acme = tenant('acme');
    const { outcomes, hard, coarsened } = decide(
      [{ type: 'b', data: { id: 1 } }, ...Array.from({ length: 20 }, () => ninetyNine)],
      rules,
      (named) => ruleTargets(named, acme),
    );
    expect([hard, coarsened]).toEqual([['t:1'], false]);
    expect(outcomes[0]).toEqual({ type: 'b', outcome: 'applied', targets: 1 });
    expect(outcomes.slice(1).every(({ outcome }) => outcome === 'failed')).toBe(true);
  });

  test('applies no event whose targets can not be purged, and works no further than its bound', () => {
    let made = 0;
    const rules = configuredRules([{ on: 'a', tags: ['a,b' + 'x'.repeat(250)] }]);
    const acme = tenant('acme');
    const { outcomes, hard, coarsened, faults } = decide(
      Array.from({ length: 1000 }, () => ({ type: 'a' })),
      rules,
      (named) => ruleTargets(named, acme),
    );
    expect([hard, coarsened, faults.length]).toEqual([[], false, 1000]);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
    const refusing: Resolve = () => {
      made += 1;
      throw new InvalidKey('There is no such target.');
    };
    const long = rulesOf({ a: () => ({ tags: ['x'.repeat(65_536)] }) });
    const events = Array.from({ length: 100 }, () => ({ type: 'a' }));
    const decision = decide(events, long, refusing);
    expect(made).toBe(16);
    expect(decision).toMatchObject({ hard: [], soft: [], coarsened: false });
    expect(decision.outcomes.map(({ error }) => error)).toEqual(
      events.map((_, at) => (at < 16 ? 'There is no such target.' : TOO_MUCH)),
    );
  });

  test('has its bound past what events of an ordinary size name, and keeps what came before it', () => {
    const one = (data: unknown) => ({ tags: [String(data).padEnd(65_000, 'x')] });
    const rules = rulesOf({ hard: one, none: () => undefined });
    // 16 of them have 1,040,000 characters.
    const events = Array.from({ length: 17 }, (_, at) => ({ type: 'hard', data: at }));
    const { outcomes, hard, coarsened } = decide(
      [...events, { type: 'none' }, { type: 'unknown' }],
      rules,
      resolve,
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...events.map((_, at) => (at < 16 ? 'applied' : 'failed')),
      'failed',
      'unknown',
    ]);
    // Long ones: together they are more than a ledger keeps.
    expect([hard, coarsened]).toEqual([['*'], true]);
  });

  test('marks nothing of an event whose second rule is past the bound', () => {
    const big = 'x'.repeat(32_700);
    const rules = rulesOf({
      fill: [() => ({ tags: [big, big] }), () => ({ tag: 'x' })],
      a: [() => ({ tags: ['first'] }), () => ({ tags: [big, big], mode: 'soft' })],
    });
    const { hard, soft, outcomes } = decide(
      Array.from({ length: 40 }, (_, at) => ({ type: at < 16 ? 'fill' : 'a' })),
      rules,
      resolve,
    );
    expect([hard, soft]).toEqual([[], []]);
    expect(outcomes.map(({ error }) => error)).toEqual(
      outcomes.map((_, at) => (at < 16 ? 'There is no such target.' : TOO_MUCH)),
    );
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
  const ofPurge: Resolve = (named) => ruleTargets(named, acme);

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
    for (const mode of [undefined, 'soft'] as const) {
      const rules = configuredRules([
        { on: 'a', tags: ['city:{ids}'], urls: ['https://acme.example/{ids}'], mode },
      ]);
      expect(decide([{ type: 'a', data: { ids: [] } }], rules, ofPurge)).toMatchObject({
        outcomes: [{ outcome: 'applied', targets: 0 }],
      });
    }
  });

  it('are filled no further than one event may name', () => {
    const rules = configuredRules([
      { on: 'a', tags: ['{ids}'], keys: Array.from({ length: 100 }, () => 'n:{ids}') },
    ]);
    let read = 0;
    const data = {
      get ids(): readonly number[] {
        read += 1;
        return Array.from({ length: 60 }, (_, at) => at);
      },
    };
    expect(decide([{ type: 'a', data }], rules, ofPurge).outcomes).toMatchObject([
      { outcome: 'failed', error: 'The event names more than 100 targets.' },
    ]);
    expect(read).toBe(2);
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
