/**
 * Writes what of the docs is made of the sources: the tables of docs/reference/configuration.md from the schema of the
 * configuration, and docs/reference/traps.md from the titles of the tests.
 *
 *   node dev/docs-tables.ts               writes them
 *   node dev/docs-tables.ts --check       exit code 1 when a page is not what it would write
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TABLES, withTables } from './settings-tables.ts';
import { TENANT_TABLES } from './tenant-tables.ts';
import { currentTrapsPage, TRAPS_PAGE } from './traps/page.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

const PAGES: Readonly<Record<string, (page: string) => string>> = {
  'docs/reference/configuration.md': (page) => withTables(page, { ...TABLES, ...TENANT_TABLES }),
  [TRAPS_PAGE]: () => currentTrapsPage(root),
};

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
for (const [name, render] of Object.entries(PAGES)) {
  const file = join(root, name);
  const page = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const written = render(page);
  if (written === page) continue;
  if (values.check) {
    console.error(`${name} is not what its sources say: run \`node dev/docs-tables.ts\`.`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, written);
  }
}
