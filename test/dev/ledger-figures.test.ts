import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ledgerTables } from '../../dev/ledger/figures.ts';
import { withTables } from '../../dev/settings-tables.ts';

const page = readFileSync(
  fileURLToPath(new URL('../../docs/operations/ledger.md', import.meta.url)),
  'utf8',
);

const figures = {
  redis: 'a Redis, 127.0.0.1:1',
  ledgers: [
    {
      marks: 4000,
      length: 40,
      memory: 353_925,
      coldPoll: 248_132,
      steadyPoll: 164,
      mark: { median: 1.25, most: 9 },
    },
  ],
  heads: [{ tenants: 1000, memory: 57_009, quiet: 291, busy: 32_182, each: 132_000 }],
};

test('the page has a place for every table, and figures in each', () => {
  const tables = Object.entries(ledgerTables(figures));
  const written = withTables(
    page,
    Object.fromEntries(tables.map(([name, text]) => [name, () => text])),
  );
  expect(written).toContain('| 4,000 marks of 40 characters | 353,925 bytes | 248,132 bytes |');
  expect(written).toContain('Measured on a Redis and its local HTTP endpoint.');
  expect(written).toContain('| 1,000 | 57,009 bytes | 291 bytes | 32,182 bytes | 132,000 bytes');
  for (const [name] of tables)
    expect(page).toMatch(new RegExp(`<!-- ${name}:start[^>]*-->\\n\\n?(?:\\|.*\\n){3,}`));
});
