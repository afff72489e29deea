import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type OwnedProcess, startOwnedProcess } from '../../dev/launcher/owned-process.ts';
import { groupRuns } from '../../dev/launcher/process-group.ts';
import { Interrupted, type Part, Supervisor } from '../../dev/launcher/supervisor.ts';

function fakePart(name: string, log: string[]): Part & { die: (reason: string) => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return {
    died: promise,
    die: resolve,
    stop() {
      log.push(`stop ${name}`);
      return Promise.resolve();
    },
  };
}

describe('Supervisor', () => {
  test('stops what it started, last first, once', async () => {
    const supervisor = new Supervisor();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      await supervisor.start(name, () => Promise.resolve(fakePart(name, log)));
    }
    await Promise.all([supervisor.stop(), supervisor.stop()]);
    expect(log).toEqual(['stop c', 'stop b', 'stop a']);
  });

  test('a death ends the whole, with its part and reason', async () => {
    const supervisor = new Supervisor();
    const part = await supervisor.start('a', () => Promise.resolve(fakePart('a', [])));
    part.die('it fell over');
    expect(await supervisor.ended).toEqual({ kind: 'death', part: 'a', reason: 'it fell over' });
  });

  test('a signal just after a death was its cause', async () => {
    const supervisor = new Supervisor();
    const part = await supervisor.start('a', () => Promise.resolve(fakePart('a', [])));
    part.die('ended by SIGINT');
    await Promise.resolve();
    supervisor.end({ kind: 'signal', signal: 'SIGINT' });
    expect(await supervisor.ended).toEqual({ kind: 'signal', signal: 'SIGINT' });
  });

  test('an end while a part starts cuts that short, and the part is stopped once it is there', async () => {
    const supervisor = new Supervisor();
    const log: string[] = [];
    await supervisor.start('a', () => Promise.resolve(fakePart('a', log)));
    const late = Promise.withResolvers<Part>();
    const aborted = vi.fn<() => void>();
    const starting = supervisor.start('b', (signal) => {
      signal.addEventListener('abort', aborted);
      return late.promise;
    });
    supervisor.end({ kind: 'signal', signal: 'SIGTERM' });
    await expect(starting).rejects.toThrow(Interrupted);
    expect(aborted).toHaveBeenCalledOnce();
    const stopping = supervisor.stop();
    late.resolve(fakePart('b', log));
    await stopping;
    expect(log).toEqual(['stop b', 'stop a']);
    await expect(
      supervisor.start('c', () => Promise.reject(new Error('must not begin'))),
    ).rejects.toThrow(Interrupted);
  });

  test('a part that fails to stop does not keep the others running', async () => {
    const supervisor = new Supervisor();
    const log: string[] = [];
    await supervisor.start('a', () => Promise.resolve(fakePart('a', log)));
    await supervisor.start('b', () =>
      Promise.resolve({ ...fakePart('b', log), stop: () => Promise.reject(new Error('no')) }),
    );
    await supervisor.stop();
    expect(log).toEqual(['stop a']);
  });
});

describe('startOwnedProcess', () => {
  let folder: string;
  const children: OwnedProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tiercel-start-'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a program and waits for the first thing it tells. */
  async function start(source: string): Promise<{ child: OwnedProcess; message: unknown }> {
    const script = join(folder, 'program.mjs');
    writeFileSync(script, source);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const child = startOwnedProcess({ script, cwd: folder, onMessage: resolve });
    children.push(child);
    return { child, message: await promise };
  }

  const grandchild = `
    import { spawn } from 'node:child_process';
    const { pid } = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
  `;

  test('leads a group of its own, and takes what it started along when it dies', async () => {
    const { child, message } = await start(`${grandchild}
      console.error('the reason');
      process.once('SIGUSR2', () => process.exit(3));
      process.send(pid);`);
    expect(message).toBeTypeOf('number');
    process.kill(child.pid, 'SIGUSR2');
    expect(await child.died).toBe('it exited with code 3.\n    the reason');
    await vi.waitFor(async () => expect(await groupRuns(child.pid)).toBe(false));
  });

  test(
    'stop() ends one that ignores SIGTERM, with all of its group',
    { timeout: 15_000 },
    async () => {
      const { child } = await start(`${grandchild}
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1000);
      process.send(pid);`);
      const died = vi.fn<(reason: string) => void>();
      void child.died.then(died);
      await child.stop();
      expect(await groupRuns(child.pid)).toBe(false);
      expect(died).not.toHaveBeenCalled();
    },
  );

  test('ends itself and its group when the one who started it is killed', async () => {
    const launcher = `
      import { startOwnedProcess } from ${JSON.stringify(new URL('../../dev/launcher/owned-process.ts', import.meta.url).href)};
      import { writeFileSync } from 'node:fs';
      writeFileSync('child.mjs', ${JSON.stringify(`${grandchild} process.send(pid); setInterval(() => {}, 1000);`)});
      const child = startOwnedProcess({ script: 'child.mjs', cwd: '.', onMessage: () => process.send(child.pid) });
    `;
    const { child, message } = await start(launcher);
    const inner = Number(message);
    expect(await groupRuns(inner)).toBe(true);
    process.kill(child.pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await groupRuns(inner)).toBe(false), { timeout: 10_000 });
  });
});
