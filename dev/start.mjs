// `npm start`. The launcher is TypeScript and needs the project's own Node, which npm puts first on
// PATH. Where it could not (another Node first on PATH, or a npmrc that skips `prestart`), this door
// installs what is missing and hands over to that Node.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  await import('./start.ts');
} else {
  const { setUpOrExplain } = await import('./setup.mjs');
  if (await setUpOrExplain()) handOver();
  else process.exitCode = 1;
}

function handOver() {
  const node = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  const start = fileURLToPath(new URL('start.ts', import.meta.url));
  // The launcher ends when the channel closes, so it does not outlive this process.
  const launcher = spawn(node, [start, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => launcher.kill(signal));
  }
  launcher.on('exit', (code) => process.exit(code ?? 1));
}
