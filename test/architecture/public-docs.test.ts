import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a door exports: name and file. */
function exportsOf(door: string): { name: string; file: string }[] {
  const text = readFileSync(join(root, door), 'utf8');
  const own = [
    ...text.matchAll(/^export (?:async )?(?:function|class|const|interface|type) (\w+)/gm),
  ];
  const others = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)];
  return [
    ...own.map(([, name = '']) => ({ name, file: door })),
    ...others.flatMap(([, names = '', from = '']) =>
      names
        .split(',')
        .map((name) => name.replace(/^\s*type\s/, '').trim())
        .filter((name) => name !== '')
        .map((name) => ({ name, file: join(dirname(door), from) })),
    ),
  ];
}

/** The text in front of a declaration. */
function textBefore({ name, file }: { name: string; file: string }): string {
  const text = readFileSync(join(root, file), 'utf8');
  const at = new RegExp(
    String.raw`^export (?:declare )?(?:async )?(?:function|class|const|interface|type) ${name}\b`,
    'm',
  ).exec(text);
  if (!at) throw new Error(`${file} declares no ${name}.`);
  return text.slice(0, at.index);
}

test.each(['src/index.ts'])('whatever %s exports has a doc comment', (door) => {
  const found = exportsOf(door);
  expect(found.length).toBeGreaterThan(50);
  const bare = found.filter((one) => !textBefore(one).trimEnd().endsWith('*/'));
  expect(bare.map(({ name, file }) => `${name} in ${file}`)).toEqual([]);
});
