import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A title of a test, a group of tests or a case that names a trap. */
export interface TrapTitle {
  /** Which trap: an id of traps.json. */
  readonly id: string;
  /** Behind those of the groups that it is in, without markers; what a table fills in is `…`. */
  readonly title: string;
  /** From the root of the project. */
  readonly file: string;
}

/** What a file's markers say. */
export interface Marked {
  readonly titles: readonly TrapTitle[];
  /** How many markers stand in no title, or are none. */
  readonly stray: number;
}

/** A text where a title stands: first argument of a test, a group or a topic, a case's name, or the first text of a row. */
const TITLE =
  /(?:\b(?:describe|test|it|topic)(?:\.\w+)*\(|\)\(|\bname:|\[)\s*(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g;
const GROUP = /^(?:describe|topic|\)\()/;
const MARKER = /\s*\[trap:([a-z0-9-]+)\]/g;

/** The markers of one file, which is indented as the formatter does it. */
export function titlesIn(file: string, text: string): Marked {
  const lines = text.split('\n');
  const groupOn = new Map<number, string>();
  const marked: { readonly id: string; readonly line: number; readonly literal: string }[] = [];
  for (const { 0: whole, index, 2: literal = '' } of text.matchAll(TITLE)) {
    const line = text.slice(0, index).split('\n').length - 1;
    if (GROUP.test(whole)) groupOn.set(line, literal);
    for (const [, id = ''] of literal.matchAll(MARKER)) marked.push({ id, line, literal });
  }
  const titles = marked.map(({ id, line, literal }) => {
    const groups = outerLines(lines, line).flatMap((outer) => groupOn.get(outer) ?? []);
    return { id, title: [...groups, literal].map(readable).join(' › '), file };
  });
  return { titles, stray: text.split('[trap:').length - 1 - titles.length };
}

/** Every title that names a trap, in the order of the files; and the files with markers that stand in no title. */
export function collectTitles(root: string): {
  readonly titles: readonly TrapTitle[];
  readonly stray: readonly string[];
} {
  const titles: TrapTitle[] = [];
  const stray: string[] = [];
  const pattern = 'test/{contract,dev,property,unit,worker}/**/*.ts';
  for (const file of globSync(pattern, { cwd: root }).toSorted()) {
    const marked = titlesIn(file, readFileSync(join(root, file), 'utf8'));
    titles.push(...marked.titles);
    if (marked.stray !== 0) stray.push(file);
  }
  return { titles, stray };
}

/** The lines that a line is within, by their indentation, outermost first. */
function outerLines(lines: readonly string[], line: number): readonly number[] {
  const outer: number[] = [];
  let depth = indentation(lines[line] ?? '');
  for (let at = line - 1; at >= 0 && depth > 0; at -= 1) {
    const text = lines[at] ?? '';
    if (text.trim() === '' || indentation(text) >= depth) continue;
    depth = indentation(text);
    outer.unshift(at);
  }
  return outer;
}

function indentation(line: string): number {
  return line.length - line.trimStart().length;
}

function readable(literal: string): string {
  return (
    literal
      .replaceAll(MARKER, '')
      .replaceAll(/\$\{[^}]*\}|\$[a-z]+|%[sdij]/g, '…')
      // Which one it is of the table says nothing without the table.
      .replace(/(?<!…): (?:\S+ ){0,4}….*$/, '')
      .replaceAll(/\\(.)/g, '$1')
      .trim()
  );
}
