import { spawn } from 'node:child_process';

// Waits for the end of its input, which comes when the process that holds the other end goes away, however
// it goes: the system closes the pipe also after SIGKILL.
const script = 'read -r _; kill -9 "$1"; [ -z "$2" ] || rmdir "$2"';

/**
 * Ends process `pid` when this process goes away, also when that is by SIGKILL and nothing here can run
 * any more. Returns a function that calls the guard off; call it as soon as the process has ended, before
 * its number can be given to another. `folder`, when given, is removed as well if it is empty. Without a POSIX `sh` on the machine there is no guard.
 */
export function guard(pid: number, folder = ''): () => void {
  const watcher = spawn('sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a group of its own, so that Ctrl-C at the terminal does not end it.
    detached: true,
  });
  watcher.on('error', () => {});
  // The pipe breaks when the watcher is called off.
  watcher.stdin.on('error', () => {});
  watcher.unref();
  return () => {
    watcher.kill('SIGKILL');
  };
}
