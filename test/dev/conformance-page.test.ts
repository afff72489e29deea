import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { changes } from '../../dev/conformance/compare.ts';
import { HELP, parseConformanceFlags } from '../../dev/conformance/flags.ts';
import { otherCaches } from '../../dev/conformance/other-caches.ts';
import { conformanceTables } from '../../dev/conformance/page.ts';
import { missedTests } from '../../dev/conformance/reasons.ts';
import {
  type ConformanceResult,
  countOutcomes,
  readResult,
  resultText,
  type TestResults,
  type Through,
} from '../../dev/conformance/result.ts';
import { summary } from '../../dev/conformance/summary.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiercel-conformance-'));
afterAll(() => rmSync(folder, { recursive: true }));

const passing: TestResults = {
  'a-good': { kind: 'required', outcome: 'pass' },
  'b-slow': { kind: 'required', outcome: 'pass' },
  'c-wish': { kind: 'optimal', outcome: 'pass' },
  'd-choice': { kind: 'check', outcome: 'yes' },
  'e-after': { kind: 'required', outcome: 'pass' },
  'f-chosen': { kind: 'optimal', outcome: 'pass' },
};

function result(tests: TestResults, through: Through = 'start'): ConformanceResult {
  const all = { ...passing, ...tests };
  return {
    date: '2026-08-20T10:00:00.000Z',
    suite: { commit: '0123456789abcdef', version: '1.0.0', undici: '7.0.0' },
    versions: { tiercel: '0.1.0', node: '24.0.0', workerd: '1.2.3' },
    through,
    settings: { preset: 'development', redis: 'a Redis', tenant: {} },
    seconds: 60,
    counts: countOutcomes(all),
    tests: all,
  };
}

const missing = result({
  'b-slow': { kind: 'required', outcome: 'fail', message: 'was | slow' },
  'd-choice': { kind: 'check', outcome: 'no' },
  'e-after': { kind: 'required', outcome: 'dependency_fail', buildsOn: 'b-slow' },
  'f-chosen': { kind: 'optimal', outcome: 'dependency_fail', buildsOn: 'd-choice' },
});
const reasons = { 'b-slow': 'It is slow.', 'd-choice': 'We chose not to.' };

describe('the tests not passed', () => {
  test('are all there, required ones first, each with its reason or with what it builds on', () => {
    expect(missedTests([missing, result({}, 'workerd')], reasons)).toEqual([
      { id: 'b-slow', kind: 'required', outcomes: ['fail', 'pass'], why: 'It is slow.' },
      {
        id: 'e-after',
        kind: 'required',
        outcomes: ['dependency_fail', 'pass'],
        why: 'builds on `b-slow`',
      },
      {
        id: 'f-chosen',
        kind: 'optimal',
        outcomes: ['dependency_fail', 'pass'],
        why: 'builds on `d-choice`: We chose not to.',
      },
    ]);
  });

  test('without a reason make no page, nor does a reason for what is passed', () => {
    expect(() => missedTests([missing], { 'b-slow': 'It is slow.' })).toThrow(
      'dev/conformance/reasons.json does not say why these tests are not passed: d-choice.',
    );
    expect(() => missedTests([missing], {})).toThrow('b-slow, d-choice');
    const needless = { ...reasons, 'a-good': 'Why not.' };
    expect(missedTests([missing], needless)).toHaveLength(3);
    expect(() => missedTests([missing, result({}, 'workerd')], needless)).toThrow(
      'explains tests that are passed, or that only build on others: a-good.',
    );
  });

  test('that were judged in one way need a reason, though they only wait in the other', () => {
    const judged = result({ 'e-after': { kind: 'required', outcome: 'fail' } }, 'workerd');
    expect(() => missedTests([missing, judged], reasons)).toThrow(/not passed: e-after\./);
  });
});

test('the page has counts, settings, the other caches by rank, and what is not passed', () => {
  const tables = conformanceTables({
    results: [missing, result({}, 'workerd')],
    others: otherCaches(),
    reasons,
  });
  expect(tables['conformance-runs']).toContain(
    '| Required | 1 of 3 passed, 1 failed, 1 blocked | 3 of 3 passed |',
  );
  expect(tables['conformance-runs']).toContain(
    '| Policy of the tenant | the default | the default |',
  );
  const caches = tables['conformance-caches']?.split('\n') ?? [];
  expect(caches.at(2)).toMatch(
    /^\| Traffic Server 9\.2\.9.*\| 134 of 160 \| 18, 7, 1 \| 73 of 105 \|/,
  );
  expect(caches).toContain(
    '| **Tiercel, through `npm start`** | 1 of 3 | 1, 1, 0 | 1 of 2 | 0, 1, 0 | 0, 1, 0, 0 | this page, 2026-08-20 |',
  );
  expect(caches.at(-1)).toMatch(/^\| Firefox 146 \(browser\) \| 106 of 137 \|/);
  expect(tables['conformance-missed']).toContain(
    '| `b-slow` | required | failed | passed | It is slow. |',
  );
});

test('the other caches add up to the number of tests', () => {
  const sum = (all: Readonly<Record<string, number>>): number =>
    Object.values(all).reduce((total, one) => total + one, 0);
  for (const { name, kind, required, optimal, check } of otherCaches().subjects)
    expect([name, sum(required), sum(optimal), sum(check)]).toEqual([
      name,
      ...(kind === 'proxy' ? [160, 105, 100] : [137, 77, 86]),
    ]);
});

test('two runs are compared by kind and outcome', () => {
  const { 'a-good': _, ...fewer } = missing.tests;
  expect(changes(result({}), { ...missing, tests: fewer })).toEqual([
    'a-good (required): pass -> not there',
    'b-slow (required): pass -> fail',
    'd-choice (check): yes -> no',
    'e-after (required): pass -> dependency_fail',
    'f-chosen (optimal): pass -> dependency_fail',
  ]);
  expect(changes(missing, missing)).toEqual([]);
});

test('the summary names what failed by itself', () => {
  expect(summary(missing)).toBe(
    [
      'Suite 0123456, through start, 60 s',
      'required  of 3    pass 1, fail 1, dependency_fail 1',
      'optimal   of 2    pass 1, dependency_fail 1',
      'check     of 1    no 1',
      'Not passed:',
      '  required b-slow: fail, was | slow',
    ].join('\n'),
  );
});

test('a result is read as it was written, and what is none is refused in one sentence', () => {
  const file = join(folder, 'a.json');
  writeFileSync(file, resultText(missing));
  expect(readResult(file)).toEqual(missing);
  writeFileSync(file, JSON.stringify({ ...missing, through: 'luck' }));
  expect(() => readResult(file)).toThrow(/a\.json is no result of npm run conformance: through: /);
  expect(() => readResult(join(folder, 'b.json'))).toThrow(/b\.json cannot be read: ENOENT/);
});

describe('the flags of a conformance run', () => {
  const parse = (...args: string[]) => parseConformanceFlags(args);

  test('have defaults', () => {
    expect(parse('--suite', 'x')).toEqual({
      help: false,
      suite: 'x',
      through: 'start',
      json: '.dev/conformance/start.json',
      write: false,
      base: undefined,
      commit: undefined,
      tenant: {},
    });
    expect(parse('--write')).toMatchObject({ suite: undefined, write: true });
    expect(
      parse('--suite', 'x', '--through', 'workerd', '--tenant', '{"setCookie":"store"}'),
    ).toMatchObject({
      json: '.dev/conformance/workerd.json',
      tenant: { setCookie: 'store' },
    });
    for (const flag of [
      '--suite',
      '--through',
      '--json',
      '--base',
      '--write',
      '--tenant',
      '--commit',
    ])
      expect(HELP).toContain(flag);
  });

  test.each([
    [[], /^--suite is missing: it names a checkout of https:/],
    [['--suit', 'x'], /^Unknown flag --suit: the flags are --suite DIR, .* and --help\.$/],
    [['x'], /^Unexpected argument "x": .*npm run conformance -- --suite DIR/],
    [['--suite', 'x', '--through', 'luck'], '--through is "luck": start or workerd is allowed.'],
    [['--suite', 'x', '--json', 'x.txt'], /^--json is "x\.txt": a file whose name ends in \.json/],
    [['--suite', 'x', '--base', 'x'], /^--base is "x": a file whose name ends in \.json/],
    [['--suite', 'x', '--commit', 'main'], /^--commit is "main": 7 to 40 hexadecimal digits/],
    [['--suite', 'x', '--tenant', '{}'], /^--tenant is for --through workerd/],
    [
      ['--suite', 'x', '--through', 'workerd', '--tenant', '[]'],
      /^--tenant is "\[\]": a JSON object/,
    ],
    [['--suite', 'x', '--through', 'workerd', '--tenant', '{"id":"a"}'], /^--tenant has "id": /],
    [
      ['--suite', 'x', '--through', 'workerd', '--tenant', '{}', '--write'],
      /^--write keeps results of the default policy/,
    ],
  ])('%j is refused in one sentence', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
