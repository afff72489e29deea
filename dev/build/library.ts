import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { withScriptImports } from './graph.ts';

/** Compiles the library's doors and what they import into `root`/dist, from nothing. Answers the number of modules. */
export async function compileLibrary(root: string, env: NodeJS.ProcessEnv): Promise<number> {
  const dist = join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  await run({
    name: 'The TypeScript compiler',
    file: join(root, 'node_modules', '.bin', 'tsc'),
    args: ['-p', 'tsconfig.build.json'],
    cwd: root,
    env,
  });
  const declarations = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of declarations) {
    writeFileSync(file, withScriptImports(readFileSync(file, 'utf8')));
  }
  return declarations.length;
}
