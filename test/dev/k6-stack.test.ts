import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StackUnavailable, startStack } from '../../dev/k6/stack.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'k6-stack-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A launcher that does what the script says; its process id is in the file `pid`. */
function launcher(script: string): string {
  const file = join(folder, 'start.mjs');
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs';
     import { spawn } from 'node:child_process';
     writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(process.pid));
     ${script}`,
  );
  return file;
}

function isRunning(): boolean {
  try {
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

const never = new AbortController().signal;
const start = (
  script: string,
  more: { signal?: AbortSignal; readyMs?: number; lines?: string[] } = {},
) =>
  startStack({
    launcher: launcher(script),
    onProgress: (line) => more.lines?.push(line),
    signal: more.signal ?? never,
    ...(more.readyMs !== undefined && { readyMs: more.readyMs }),
  });

describe('startStack', () => {
  it('waits for the Ready line, passes on what comes before it, and stops what it started', async () => {
    const lines: string[] = [];
    const stack = await start(
      `console.log('args', ...process.argv.slice(2));
       console.error('Installing');
       setTimeout(() => console.log('Ready: http://localhost:4711'), 20);
       setInterval(() => {}, 1000);`,
      { lines },
    );
    expect(stack.url).toBe('http://localhost:4711');
    expect(lines).toEqual(expect.arrayContaining(['args --port 0', 'Installing']));
    expect(isRunning()).toBe(true);
    await stack.stop();
    expect(isRunning()).toBe(false);
  });

  it('takes what the launcher leaves behind with it', async () => {
    // A connection that the grandchild holds tells when it is gone, also where nobody reaps it.
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connected = once(server, 'connection') as Promise<[Socket]>;
    const stack = await start(
      `const script = 'require("node:net").connect(${port}, "127.0.0.1")';
       spawn(process.execPath, ['-e', script], { stdio: 'inherit' });
       console.log('Ready: http://localhost:4711');
       setInterval(() => {}, 1000);`,
    );
    const [socket] = await connected;
    const closed = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
    expect(isRunning()).toBe(true);
    await stack.stop();
    await closed;
    expect(isRunning()).toBe(false);
    server.close();
  });

  it('says why there is none when it ends early', async () => {
    const failure = start(`console.error('Port taken.'); process.exit(3);`);
    await expect(failure).rejects.toThrow(
      new StackUnavailable('The local stack ended with exit code 3 before it was ready.'),
    );
  });

  it('leaves nothing running when it takes too long or is interrupted', async () => {
    const hanging = `setInterval(() => {}, 1000);`;
    await expect(start(hanging, { readyMs: 300 })).rejects.toThrow(
      'The local stack was not ready after 0.3 s.',
    );
    expect(isRunning()).toBe(false);

    const interrupt = new AbortController();
    const starting = start(hanging, { signal: interrupt.signal });
    interrupt.abort();
    await expect(starting).rejects.toThrow('The local stack was interrupted.');
    expect(isRunning()).toBe(false);
  });

  it('reports a death, with the last lines, and none after stop', async () => {
    const stack = await start(
      `console.log('Ready: http://localhost:4711');
       console.error('Redis died'); process.exitCode = 1;`,
    );
    expect(await stack.died).toBe(
      'The local stack ended with exit code 1. Its last lines:\n  Ready: http://localhost:4711\n  Redis died',
    );
    await stack.stop();
  });
});
