import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGE_FILE, renderPage } from '../../dev/conformance/page.ts';

test('docs/reference/conformance.md is what `npm run conformance -- --write` makes of the results kept', () => {
  const page = readFileSync(PAGE_FILE, 'utf8');
  expect(renderPage(page)).toBe(page);
});
