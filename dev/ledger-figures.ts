/**
 * Measures what ledgers and heads cost, on a real Redis through the real authority, and writes the tables of
 * docs/operations/ledger.md.
 *
 *   node dev/ledger-figures.ts                       prints them
 *   node dev/ledger-figures.ts --write               writes them into the page
 *   node dev/ledger-figures.ts --redis redis://…     an empty Redis of your own, in place of the embedded one
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ledgerTables, measure } from './ledger/figures.ts';
import { withTables } from './settings-tables.ts';

const file = fileURLToPath(new URL('../docs/operations/ledger.md', import.meta.url));

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    redis: { type: 'string', default: 'embedded' },
  },
});
const tables = ledgerTables(await measure(values.redis));
if (values.write) {
  const rendered = Object.entries(tables).map(([name, text]) => [name, () => text] as const);
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), Object.fromEntries(rendered)));
} else {
  for (const table of Object.values(tables)) console.log(`${table}\n`);
}
