import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  namespacesTable,
  presetsTable,
  reasonsTable,
  variablesTable,
  withTables,
} from '../../dev/settings-tables.ts';
import { tenantsTable } from '../../dev/tenant-tables.ts';
import { PRESET_NAMES } from '../../src/config/config.ts';
import { PRESETS } from '../../src/config/presets.ts';
import { optionName, SETTING_IDS, setting, variableName } from '../../src/config/settings.ts';
import { TENANT_DESCRIPTIONS } from '../../src/config/tenant-descriptions.ts';
import { tenantList } from '../../src/config/tenant-list.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = 'docs/reference/configuration.md';

/** The cells of a table's rows, without its head. */
const cellsOf = (table: string): string[][] =>
  table
    .split('\n')
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | '));

test('the page shows the present schema', () => {
  const { status, stderr } = spawnSync('node', ['dev/docs-tables.ts', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

describe('the tables', () => {
  test('have every variable and its option, and mark the secrets', () => {
    const rows = cellsOf(variablesTable());
    for (const id of SETTING_IDS) {
      const name = `\`${variableName(id)}\`${setting(id).secret ? ' (secret)' : ''}`;
      expect(rows.filter(([first]) => first === name)).toEqual([
        [name, `\`${optionName(id)}\``, ...Array<unknown>(3).fill(expect.stringMatching(/./))],
      ]);
    }
    const names = rows.map(([first]) => first);
    for (const name of ['CACHE_PRESET', 'TENANTS', 'ADMIN_HOST', 'CACHE_WARM_REQUESTS'])
      expect(names).toContain(`\`${name}\``);
    expect(names).toContain('`CREDENTIALS` (secret)');
  });

  test('have one column for each preset, with its values', () => {
    const rows = cellsOf(presetsTable());
    for (const cells of rows) expect(cells).toHaveLength(PRESET_NAMES.length + 1);
    const ttl = rows.find(([first]) => first === '`defaultTtl`');
    expect(ttl?.slice(1)).toEqual(PRESET_NAMES.map((name) => PRESETS[name].values.defaultTtl));
    const same = rows.filter(([, ...values]) => new Set(values).size === 1);
    expect(same).toEqual([]);
  });

  test('give a reason for each value in which presets that cache differ', () => {
    const given = cellsOf(reasonsTable()).map(([first]) => first);
    const differing = cellsOf(presetsTable())
      .map(([first]) => first)
      .filter((name) => name?.startsWith('`') && name !== '`enabled`');
    expect(given).toEqual(differing);
  });

  test('have the settings of a namespace, with what an option may be', () => {
    const rows = cellsOf(namespacesTable());
    expect(rows.find(([first]) => first === '`lease`')?.[2]).toBe('`true` or `false`');
    expect(rows.map(([first]) => first)).toContain('`maxLife`');
  });

  test('have every field of a tenant, with its default, and say which may stand in a path rule', () => {
    const rows = cellsOf(tenantsTable());
    const places = rows.map(([first]) => first?.replaceAll('`', ''));
    expect(new Set(places)).toEqual(new Set(Object.keys(TENANT_DESCRIPTIONS)));
    expect(places).toHaveLength(new Set(places).size);
    const names = new Set(places.map((place) => place?.replace(/\..*/, '')));
    expect(names).toEqual(new Set(Object.keys(tenantList.element.shape)));
    for (const cells of rows) for (const cell of cells) expect(cell).toMatch(/./);
    const rule = tenantList.element.shape.paths.unwrap().element;
    const markedAs = (mark: string) =>
      new Set(
        rows.filter((row) => row[3] === mark).map(([name]) => name?.replace(/[`]|\..*/g, '')),
      );
    expect(markedAs('yes')).toEqual(
      new Set(Object.keys(rule.shape).filter((name) => name !== 'path')),
    );
    expect(markedAs('no')).toEqual(
      new Set([...names].filter((name) => !Object.hasOwn(rule.shape, name ?? ''))),
    );
    const cell = (name: string, at: number) => rows.find(([first]) => first === name)?.[at];
    expect(cell('`stale.ifUnreachable`', 1)).toBe('`1m`');
    expect(cell('`ttl.max`', 1)).toBe('none');
    expect(cell('`query`', 1)).toBe('all of them');
    expect(cell('`maxVariants`', 1)).toBe('`64`');
    expect(cell('`exposeTags`', 2)).toBe('`true` or `false`');
    expect(cell('`quotas.purgesPerSecond`', 2)).toBe('a whole number from 1 to 10000');
  });

  test('have no cell that breaks the table', () => {
    const tables = [variablesTable, presetsTable, reasonsTable, namespacesTable, tenantsTable];
    for (const table of tables.map((render) => render())) {
      const pipes = new Set(table.split('\n').map((line) => line.split('|').length));
      expect(pipes.size).toBe(1);
    }
  });
});

test('a page gets each table between its markers, and one without markers is refused', () => {
  const page = 'a\n<!-- x:start: by -->\nold\n<!-- x:end -->\nb\n';
  const tables = { x: () => '| $1 |' };
  const written = withTables(page, tables);
  expect(written).toBe('a\n<!-- x:start: by -->\n\n| $1 |\n\n<!-- x:end -->\nb\n');
  expect(withTables(written, tables)).toBe(written);
  expect(() => withTables('no markers', tables)).toThrow('<!-- x:start -->');
  expect(withTables(readFileSync(`${root}${PAGE}`, 'utf8'))).toContain('`CACHE_ENCRYPTION_KEYS`');
});
