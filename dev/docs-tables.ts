/**
 * Writes the tables of docs/reference/configuration.md from the schema of the configuration.
 *
 *   node dev/docs-tables.ts               writes them
 *   node dev/docs-tables.ts --check       exit code 1 when the page is not what it would write
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withTables } from './settings-tables.ts';

const file = fileURLToPath(new URL('../docs/reference/configuration.md', import.meta.url));

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const page = readFileSync(file, 'utf8');
const written = withTables(page);

if (values.check && written !== page) {
  console.error(
    'The tables of docs/reference/configuration.md are not those of the schema: run `node dev/docs-tables.ts`.',
  );
  process.exitCode = 1;
} else if (written !== page) {
  writeFileSync(file, written);
}
