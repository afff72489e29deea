import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { collectTitles, type TrapTitle } from './titles.ts';

/** One trap of HTTP, or of security. */
export interface Trap {
  readonly id: string;
  readonly section: 'http' | 'security';
  readonly trap: string;
  /** What Tiercel does, in a sentence or two. */
  readonly behaviour: string;
}

export const TRAPS_PAGE = 'docs/reference/traps.md';

/** All traps, in the order of the page. */
export function readTraps(): readonly Trap[] {
  const file = new URL('traps.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Trap[];
}

const INTRODUCTION = `# Traps

> **In short.** The known ways in which HTTP caches go wrong or are attacked, what Tiercel does, and the tests that prove it. \`node dev/docs-tables.ts\` writes
> this page: the traps are in \`dev/traps/traps.json\`, the tests are those whose titles name a trap, as in \`[trap:fat-get]\`.

\`npx vitest run -t 'trap:fat-get'\` runs the tests of one trap. \`…\` in a title stands for what a table of the test fills in.
`;

const HEADINGS = { http: 'HTTP', security: 'Security' } as const;

/** The whole page, out of the traps and the titles that name them. */
export function trapsPage(traps: readonly Trap[], titles: readonly TrapTitle[]): string {
  const sections = (['http', 'security'] as const).map((section) => {
    const rows = traps
      .filter((one) => one.section === section)
      .map(({ id, trap, behaviour }) => {
        const own = titles.filter((title) => title.id === id);
        return `| ${[`\`${id}\``, trap, testsCell(own), behaviour].map(cell).join(' | ')} |`;
      });
    const head = '| Id | Trap | Tests | Behaviour |\n|---|---|---|---|';
    return `## ${HEADINGS[section]}\n\n${[head, ...rows].join('\n')}\n`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}

/** The page as it is to be for the tests of a tree. */
export function currentTrapsPage(root: string): string {
  return trapsPage(readTraps(), collectTitles(root).titles);
}

function testsCell(titles: readonly TrapTitle[]): string {
  const byFile = Map.groupBy(titles, ({ file }) => file);
  return [...byFile]
    .map(([file, own]) => {
      const link = `[${file.replace(/^test\//, '')}](${posix.relative('docs/reference', file)})`;
      return `${link}: ${[...new Set(own.map(({ title }) => title))].join('; ')}`;
    })
    .join('<br>');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('&lt;br>', '<br>');
}
