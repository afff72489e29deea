/**
 * Draws the rooms of src/ and who imports whom into docs/architecture.md, from the imports themselves.
 *
 *   npm run diagram               writes it
 *   npm run diagram -- --check    exit code 1 when the page is not what it would write
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readImports } from './checks/imports.ts';
import { drawRooms, withDiagram } from './checks/mermaid.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = fileURLToPath(new URL('../docs/architecture.md', import.meta.url));

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const page = readFileSync(file, 'utf8');
const drawn = withDiagram(page, drawRooms(await readImports(root)));

if (values.check && drawn !== page) {
  console.error(
    'The diagram in docs/architecture.md does not show the present imports: run `npm run diagram`.',
  );
  process.exitCode = 1;
} else if (drawn !== page) {
  writeFileSync(file, drawn);
}
