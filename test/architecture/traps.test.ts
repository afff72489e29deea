import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { currentTrapsPage, readTraps, trapsPage, TRAPS_PAGE } from '../../dev/traps/page.ts';
import { collectTitles, titlesIn } from '../../dev/traps/titles.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const traps = readTraps();
const { titles, stray } = collectTitles(root);
const ids = traps.map(({ id }) => id);

describe('the list of traps', () => {
  test.each(ids)('%s has a test', (id) => {
    expect(titles.filter((title) => title.id === id)).not.toEqual([]);
  });

  test('is all that titles name', () => {
    expect(titles.filter(({ id }) => !ids.includes(id))).toEqual([]);
  });

  test('names each trap once', () => {
    expect(ids).toEqual([...new Set(ids)]);
  });

  test('is named in titles only', () => {
    expect(stray).toEqual([]);
  });

  test('is on the page, with the tests of today', () => {
    expect(readFileSync(root + TRAPS_PAGE, 'utf8')).toBe(currentTrapsPage(root));
  });
});

describe('a title', () => {
  const marker = (id: string): string => ['[trap', `${id}]`].join(':');
  const idsIn = (text: string): readonly string[] =>
    titlesIn('x.test.ts', text).titles.map(({ id }) => id);

  test.each([
    `test('t ${marker('a')}', () => {});`,
    `test.each([1])('t %i ${marker('a')}', () => {});`,
    `describe.each(\n  ways,\n)(\n  't ${marker('a')}', () => {});`,
    `export const x = topic("it's ${marker('a')}", [`,
    `name: \`t \${x} ${marker('a')}\`,`,
    `    ['t ${marker('a')}', cc('max-age=60'), 'store'],`,
  ])('is found: %s', (text) => {
    expect(idsIn(text)).toEqual(['a']);
    expect(titlesIn('x.test.ts', text).stray).toBe(0);
  });

  test('is read behind those of its groups, without what tables fill in', () => {
    const text = [
      `const helper = {`,
      `  name: 'of no group ${marker('a')}',`,
      `};`,
      `describe('closed', () => {`,
      `  test('one', f);`,
      `});`,
      `describe.each(ways)('a way of $what ${marker('b')}', (way) => {`,
      `  const x = 1;`,
      `  test.each([`,
      `    ['row', 1],`,
      `  ])('%s: is safe, \${x} ${marker('a')}', () => {});`,
      `  test.each(rows)('is safe as well: by %s, %i ${marker('a')}', () => {});`,
      `});`,
    ].join('\n');
    expect(titlesIn('x.test.ts', text)).toEqual({
      titles: [
        { id: 'a', title: 'of no group', file: 'x.test.ts' },
        { id: 'b', title: 'a way of …', file: 'x.test.ts' },
        { id: 'a', title: 'a way of … › …: is safe, …', file: 'x.test.ts' },
        { id: 'a', title: 'a way of … › is safe as well', file: 'x.test.ts' },
      ],
      stray: 0,
    });
  });

  test('may name several', () => {
    expect(idsIn(`test('t ${marker('a')} ${marker('b')}', f)`)).toEqual(['a', 'b']);
  });

  test.each([
    `// ${marker('a')}`,
    `expect(x).toBe('${marker('a')}');`,
    `test('t ${marker('A B')}', f)`,
  ])('is nowhere else: %s', (text) => {
    expect(titlesIn('x.test.ts', text)).toEqual({ titles: [], stray: 1 });
  });
});

test('the page has a row for each trap, with the titles that name it', () => {
  const [trap] = [{ id: 'a', section: 'security', trap: 'A | B', behaviour: 'Safe.' }] as const;
  const page = trapsPage(
    [trap],
    [
      { id: 'a', title: 'one', file: 'test/worker/x.test.ts' },
      { id: 'a', title: 'two', file: 'test/worker/x.test.ts' },
      { id: 'b', title: 'other', file: 'test/worker/x.test.ts' },
      { id: 'a', title: 'three', file: 'test/dev/y.test.ts' },
    ],
  );
  expect(page).toContain(
    '| `a` | A \\| B | [worker/x.test.ts](../../test/worker/x.test.ts): one; two<br>' +
      '[dev/y.test.ts](../../test/dev/y.test.ts): three | Safe. |\n',
  );
  expect(page).not.toContain('other');
});
