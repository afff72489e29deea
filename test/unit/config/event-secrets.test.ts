import { describe, expect, it, test } from 'vitest';
import { MINIMAL, TENANT, loading } from './loading.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER_SECRET = `whsec_${'A'.repeat(43)}=`;
const ENTRY = { id: 'cities', tenant: 'acme', secret: SECRET };

const { load, problemsOf } = loading(MINIMAL);

describe('EVENT_SECRETS', () => {
  it.each<[string, unknown]>([
    ['as a JSON text', JSON.stringify([ENTRY])],
    ['as a value', [ENTRY]],
  ])('are read %s', (_what, value) => {
    expect(load({ EVENT_SECRETS: value }).eventSecrets).toEqual([ENTRY]);
  });

  test('are none unless they are set', () => {
    expect(load({}).eventSecrets).toEqual([]);
  });

  test('may be of every tenant, and several of one', () => {
    const list = [ENTRY, { id: 'all', tenant: '*', secret: OTHER_SECRET }];
    expect(load({ EVENT_SECRETS: list }).eventSecrets).toEqual(list);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '[', 'EVENT_SECRETS: is not valid JSON'],
    ['no list', {}, 'EVENT_SECRETS: '],
    ['no id', [{ ...ENTRY, id: '' }], 'EVENT_SECRETS[0].id: must not be empty'],
    [
      'a tenant that can not be',
      [{ ...ENTRY, tenant: 'A' }],
      'EVENT_SECRETS[0].tenant: must be * or ',
    ],
    [
      'a tenant that there is not',
      [{ ...ENTRY, tenant: 'other' }],
      'EVENT_SECRETS[0].tenant: is the id of no tenant',
    ],
    [
      'a secret without prefix',
      [{ ...ENTRY, secret: SECRET.slice(6) }],
      "EVENT_SECRETS[0].secret: must be 'whsec_' and the base64 of 24 to 64 random bytes",
    ],
    [
      'a secret that is too short',
      [{ ...ENTRY, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ=' }],
      'EVENT_SECRETS[0].secret: must be ',
    ],
    [
      'an id twice',
      [ENTRY, { ...ENTRY, secret: OTHER_SECRET }],
      'EVENT_SECRETS[1].id: is used twice',
    ],
    [
      'a secret twice',
      [ENTRY, { ...ENTRY, id: 'b', tenant: '*' }],
      'EVENT_SECRETS[1].secret: is used twice',
    ],
    [
      'another member',
      [{ ...ENTRY, [SECRET]: 1 }],
      'EVENT_SECRETS[0]: holds members that it does not have',
    ],
  ])('are refused: %s', (_what, value, problem) => {
    const problems = problemsOf({ EVENT_SECRETS: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).not.toContain(SECRET.slice(6, 20));
  });
});

describe('rules of a tenant', () => {
  const RULE = { on: 'city.updated', tags: ['city:{id}'] };
  const withRules = (rules: unknown) => ({ TENANTS: [{ ...TENANT, rules }] });

  test('are carried in its policy', () => {
    const rules = [
      RULE,
      {
        on: 'b',
        urls: ['https://acme.example/{a}?b={c}'],
        prefixes: ['https://acme.example/{a}', ['g', 'https', 'acme.example', '{a}'], 'n:x:{a}'],
        keys: ['n:x:{a}', ['e', '{a}']],
        hosts: ['acme.example'],
        groups: ['{{literally}}'],
        mode: 'soft',
      },
      { on: 'c', all: true, mode: 'hard' },
    ];
    expect(load(withRules(rules)).tenants[0]?.rules).toEqual(rules);
    expect(load({}).tenants[0]?.rules).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ...(
      [
        [
          'a host of nobody',
          { hosts: ['b.example'] },
          "hosts[0]: must be on one of the tenant's own hosts",
        ],
        ['no host', { hosts: ['acme.example/a'] }, 'hosts[0]: must be a host'],
        [
          'a gateway key on a host of nobody',
          { keys: ['n:a', ['g', 'https', 'b.example', '{id}', '?']] },
          "keys[1]: must be on one of the tenant's own hosts",
        ],
        [
          'a gateway key without its query',
          { keys: [['g', 'https', 'acme.example', 'x']] },
          "keys[0]: must end with the query, '?' for none",
        ],
        [
          'a gateway key that ends with a place',
          { keys: [['g', 'https', 'acme.example', '{id}']] },
          "keys[0]: must end with the query, '?' for none",
        ],
        [
          'a gateway prefix on a host of nobody',
          { prefixes: [['g', 'https', 'b.example']] },
          "prefixes[0]: must be on one of the tenant's own hosts",
        ],
        ['a URL with a segment of dots', { urls: ['https://acme.example/../{a}'] }, 'urls[0]: '],
        [
          'a group that no response can have',
          { groups: ['größe'] },
          'groups[0]: must be printable ASCII',
        ],
        ['a tag that is too long', { tags: ['x'.repeat(257)] }, 'tags[0]: Too big'],
        ['a tag that is too long with anything', { tags: [`${'x'.repeat(256)}{a}`] }, 'tags[0]: '],
        ['a tag with a line feed', { tags: ['a\nb'] }, 'tags[0]: must not hold control characters'],
        [
          'a tag with a comma',
          { tags: ['a,{b}'] },
          'tags[0]: must be printable ASCII without a comma',
        ],
        ['a tag with a space at its end', { tags: ['{b} '] }, 'tags[0]: must be printable ASCII'],
        [
          '51 URLs without a place',
          { urls: Array.from({ length: 51 }, (_, at) => `https://acme.example/${at}`) },
          'The event names more than 100 targets.',
        ],
      ] as const
    ).map(([what, rule, problem]): [string, unknown, string] => [
      `${what}, that no event could repair`,
      [RULE, { on: 'e', ...rule }],
      problem.startsWith('The event')
        ? `TENANTS[0].rules[1]: ${problem}`
        : `TENANTS[0].rules[1].${problem}`,
    ]),
    [
      'too much without a place, of all rules of a type together',
      [50, 1].map((count) => ({
        on: 'e',
        hosts: ['{host}'],
        urls: Array.from({ length: count }, (_, at) => `https://acme.example/${at}`),
      })),
      'TENANTS[0].rules[1]: The event names more than 100 targets.',
    ],
    ['no list', RULE, 'TENANTS[0].rules: '],
    ['no type', [{ tags: ['a'] }], 'TENANTS[0].rules[0].on: '],
    [
      'no target',
      [{ on: 'a' }],
      'TENANTS[0].rules[0]: must name at least one of tags, urls, prefixes, keys, hosts, groups, all',
    ],
    [
      'empty lists',
      [{ on: 'a', tags: [], keys: [] }],
      'TENANTS[0].rules[0]: must name at least one',
    ],
    [
      'another member',
      [{ ...RULE, tag: ['a'] }],
      'TENANTS[0].rules[0]: holds members that it does not have: tag',
    ],
    [
      'another mode',
      [{ ...RULE, mode: 'gentle' }],
      "TENANTS[0].rules[0].mode: must be 'hard' or 'soft'",
    ],
    [
      'all that is not true',
      [{ on: 'a', all: false }],
      'TENANTS[0].rules[0].all: must be true, or left out',
    ],
    [
      'a brace alone',
      [RULE, { on: 'a', tags: ['x', 'city:{id'] }],
      "TENANTS[0].rules[1].tags[1]: has a '{' alone",
    ],
    [
      'a place without a field',
      [{ on: 'a', groups: ['{}'] }],
      'TENANTS[0].rules[0].groups[0]: has a place that names no field',
    ],
    [
      'a URL that begins with a place',
      [{ on: 'a', urls: ['{url}'] }],
      'TENANTS[0].rules[0].urls[0]: must begin with https:// or http://',
    ],
    [
      'a URL on a host that is not its own',
      [{ on: 'a', urls: ['https://other.example/{id}'] }],
      "TENANTS[0].rules[0].urls[0]: must be on one of the tenant's own hosts",
    ],
    [
      'a prefix on a host that is not its own',
      [{ on: 'a', prefixes: ['n:a', 'https://acme.example@other.example/'] }],
      "TENANTS[0].rules[0].prefixes[1]: must be on one of the tenant's own hosts",
    ],
    [
      'a prefix with a query',
      [{ on: 'a', prefixes: ['https://acme.example/?a'] }],
      'TENANTS[0].rules[0].prefixes[0]: must not have a query',
    ],
    [
      'a key of nobody',
      [{ on: 'a', keys: ['cities:{id}'] }],
      'TENANTS[0].rules[0].keys[0]: must begin with g',
    ],
    [
      'a key whose owner is a place',
      [{ on: 'a', keys: [['{a}', 'b']] }],
      'TENANTS[0].rules[0].keys[0]: must begin with g',
    ],
    [
      'a gateway key as text',
      [{ on: 'a', keys: ['g:https:acme.example:a:?'] }],
      'TENANTS[0].rules[0].keys[0]: must be a list of segments',
    ],
  ])('are refused: %s', (_what, rules, problem) => {
    const problems = problemsOf(withRules(rules));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    // It is sent to whoever asks a Worker that refuses to serve.
    expect(problems[0]).not.toMatch(/(?:b|other)\.example/);
  });

  test('may have a place for what only an event can tell', () => {
    const rules = [
      {
        on: 'e',
        hosts: ['{host}', 'acme.example:{port}'],
        urls: ['https://{host}/a', 'https://acme.example:{port}/'],
        prefixes: ['{scheme}', '{host}'].map((place) => ['g', 'https', place]),
        keys: [['g', '{scheme}', 'acme.example', '?']],
        tags: Array.from({ length: 100 }, (_, at) => `${at}:{id}`),
      },
      {
        on: 'f',
        urls: Array.from({ length: 50 }, (_, at) => `https://acme.example/${at}`),
      },
    ];
    expect(load(withRules(rules)).tenants[0]?.rules).toEqual(rules);
  });
});
