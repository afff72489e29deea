import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withTables } from '../settings-tables.ts';
import { otherCaches, type OtherCache, type OtherCaches } from './other-caches.ts';
import { keptReasons, missedTests, type Reasons } from './reasons.ts';
import {
  type ConformanceResult,
  type Counts,
  type Kind,
  type Outcome,
  readResult,
  THROUGH,
  type Through,
} from './result.ts';

export { IncompletePage } from './reasons.ts';

/** What the page is made from. */
export interface PageSources {
  readonly results: readonly ConformanceResult[];
  readonly others: OtherCaches;
  readonly reasons: Reasons;
}

export const PAGE_FILE = fileURLToPath(
  new URL('../../docs/reference/conformance.md', import.meta.url),
);

const WAYS: Readonly<Record<Through, string>> = {
  start: 'through `npm start`',
  workerd: 'by workerd',
};

const NO_RUN = 'No run is kept yet.';

/** Where the result of a way is kept. */
export function keptFile(through: Through): string {
  return fileURLToPath(
    new URL(`../../docs/reference/conformance/${through}.json`, import.meta.url),
  );
}

/** What is kept in the project. Throws BadResult when a kept result is none. */
export function keptSources(): PageSources {
  const files = THROUGH.map(keptFile).filter((file) => existsSync(file));
  return { results: files.map(readResult), others: otherCaches(), reasons: keptReasons() };
}

/** Writes every table into the page. Throws IncompletePage when a test that is not passed has no reason. */
export function renderPage(page: string, sources: PageSources = keptSources()): string {
  const tables = conformanceTables(sources);
  const rendered = Object.entries(tables).map(([name, text]) => [name, () => text] as const);
  return withTables(page, Object.fromEntries(rendered));
}

/** The tables by the names of their markers. */
export function conformanceTables(sources: PageSources): Record<string, string> {
  return {
    'conformance-runs': runsTable(sources.results),
    'conformance-caches': cachesTable(sources),
    'conformance-sources': sourcesList(sources.others),
    'conformance-missed': missedTable(sources),
  };
}

function runsTable(results: readonly ConformanceResult[]): string {
  if (results.length === 0) return NO_RUN;
  const row = (name: string, cell: (one: ConformanceResult) => string): string =>
    line([name, ...results.map(cell)]);
  const kind = (of: Kind) => (one: ConformanceResult) => countsText(one.counts[of] ?? {});
  return [
    ...head(['', ...results.map(({ through }) => WAYS[through])]),
    row('Required', kind('required')),
    row('Optimal', kind('optimal')),
    row('Checks, where either way is right', kind('check')),
    row('Preset', ({ settings }) => `\`${settings.preset}\``),
    row('Policy of the tenant', ({ settings }) =>
      Object.keys(settings.tenant).length === 0
        ? 'the default'
        : `\`${JSON.stringify(settings.tenant)}\``,
    ),
    row('Redis', ({ settings }) => settings.redis),
    row('Tiercel', ({ versions }) => versions.tiercel),
    row('workerd', ({ versions }) => versions.workerd),
    row('Node', ({ versions }) => versions.node),
    row('Suite', ({ suite }) => `\`${suite.commit.slice(0, 7)}\``),
    row('Date', ({ date }) => date.slice(0, 10)),
    row('Result', ({ through }) => `[${through}.json](conformance/${through}.json)`),
  ].join('\n');
}

const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  pass: 'passed',
  fail: 'failed',
  optional_fail: 'not met',
  yes: 'yes',
  no: 'no',
  dependency_fail: 'blocked',
  setup_fail: 'could not be set up',
  retry: 'asked twice',
  harness_fail: 'timed out',
  untested: 'not run',
};

/** `150 of 160 passed, 6 failed, 4 blocked` */
function countsText(counts: Counts[Kind]): string {
  const found = Object.entries(counts ?? {}) as [Outcome, number][];
  const order = Object.keys(OUTCOME_WORDS);
  const sum = found.reduce((all, [, count]) => all + count, 0);
  return found
    .toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    .map(([name, count], at) => `${count}${at === 0 ? ` of ${sum}` : ''} ${OUTCOME_WORDS[name]}`)
    .join(', ');
}

/** One line of the comparison. */
interface Row extends Pick<OtherCache, 'required' | 'optimal' | 'check'> {
  readonly name: string;
  readonly from: string;
}

function cachesTable({ results, others }: PageSources): string {
  const ours = results.map(({ through, counts, date }): Row => ({
    name: `**Tiercel, ${WAYS[through]}**`,
    from: `this page, ${date.slice(0, 10)}`,
    required: judged(counts.required, 'pass', 'fail'),
    optimal: judged(counts.optimal, 'pass', 'optional_fail'),
    check: checked(counts.check),
  }));
  const theirs = (kind: OtherCache['kind']): Row[] =>
    others.subjects
      .filter((one) => one.kind === kind)
      .map(({ name, configuration, source, ...scores }) => ({
        ...scores,
        name: configuration === undefined ? name : `${name}: ${configuration}`,
        from: source,
      }));
  const best = (a: Row, b: Row): number =>
    b.required.passed - a.required.passed || b.optimal.passed - a.optimal.passed;
  const cells = ({ name, required, optimal, check, from }: Row): string[] => [
    name,
    passedOf(required),
    numbers(required.failed, required.blocked, required.other),
    passedOf(optimal),
    numbers(optimal.failed, optimal.blocked, optimal.other),
    numbers(check.yes, check.no, check.blocked, check.other),
    from,
  ];
  return [
    ...head([
      'Cache',
      'Required',
      'failed, blocked, other',
      'Optimal',
      'not met, blocked, other',
      'Checks: yes, no, blocked, other',
      'From',
    ]),
    ...[...ours, ...theirs('proxy')].toSorted(best).map((row) => line(cells(row))),
    ...theirs('browser')
      .toSorted(best)
      .map((row) => line(cells({ ...row, name: `${row.name} (browser)` }))),
  ].join('\n');
}

function judged(
  counts: Counts[Kind] = {},
  good: Outcome,
  bad: Outcome,
): Pick<OtherCache, 'required'>['required'] {
  const { [good]: passed = 0, [bad]: failed = 0, dependency_fail: blocked = 0 } = counts;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { passed, failed, blocked, other: all - passed - failed - blocked };
}

function checked(counts: Counts[Kind]): OtherCache['check'] {
  const { passed: yes, failed: no, blocked, other } = judged(counts, 'yes', 'no');
  return { yes, no, blocked, other };
}

function passedOf({ passed, failed, blocked, other }: OtherCache['required']): string {
  return `${passed} of ${passed + failed + blocked + other}`;
}

function sourcesList({ sources }: OtherCaches): string {
  return Object.entries(sources)
    .map(
      ([name, { title, url, date, detail }]) =>
        `- **${name}**: [${title}](${url}), ${date}. ${detail}`,
    )
    .join('\n');
}

function missedTable({ results, reasons }: PageSources): string {
  const missed = missedTests(results, reasons);
  if (results.length === 0) return NO_RUN;
  if (missed.length === 0) return 'None: every required and every optimal test is passed.';
  return [
    ...head(['Test', 'Kind', ...results.map(({ through }) => WAYS[through]), 'Why']),
    ...missed.map(({ id, kind, outcomes, why }) =>
      line([`\`${id}\``, kind, ...outcomes.map((one) => OUTCOME_WORDS[one]), why]),
    ),
  ].join('\n');
}

function numbers(...all: readonly number[]): string {
  return all.join(', ');
}

function head(cells: readonly string[]): string[] {
  return [line(cells), `|${cells.map(() => '---').join('|')}|`];
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
