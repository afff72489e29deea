import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'SECURITY.md'), 'utf8');
const links = [...page.matchAll(/\]\(([^)\s]+)\)/g)]
  .map(([, target = '']) => target)
  .filter((target) => !target.startsWith('https://'));

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('whatever the threat model points to as proof is there', () => {
  expect(links.length).toBeGreaterThan(50);
  const missing = links.filter((target) => {
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? join(root, 'SECURITY.md') : join(root, file);
    if (!existsSync(path)) return true;
    return anchor !== undefined && !anchorsOf(path).includes(anchor);
  });
  expect(missing).toEqual([]);
});
