import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { claimPort } from '../../dev/launcher/port.ts';
import { startStack } from '../../dev/launcher/stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `npm start`, without npm. */
interface Launcher {
  readonly child: ChildProcess;
  readonly output: { out: string; err: string };
  /** Resolves with the exit code, or the signal. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

const launchers: Launcher[] = [];

function launch(...args: string[]): Launcher {
  const child = spawn(process.execPath, ['dev/start.mjs', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.err += chunk));
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  const launcher = { child, output, exited };
  launchers.push(launcher);
  return launcher;
}

afterEach(async () => {
  for (const { child, exited } of launchers.splice(0)) {
    child.kill('SIGTERM');
    await exited;
  }
});

/** The line that tools wait for. */
async function ready({ output, exited }: Launcher): Promise<string> {
  const url = () => /^Ready: (http:\/\/localhost:\d+)$/m.exec(output.out)?.[1];
  const early = exited.then((code) => {
    throw new Error(`ended with ${code}: ${output.out}${output.err}`);
  });
  return Promise.race([
    vi.waitFor(() => url() ?? Promise.reject(new Error(output.out)), {
      timeout: 60_000,
      interval: 50,
    }),
    early,
  ]);
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
}

function processes(): ProcessRow[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [, pid, parent, state = '', command = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), state, command }];
  });
}

/** All that a process has started, and what those have. */
function descendants(pid: number | undefined): ProcessRow[] {
  const all = processes();
  const of = (parent: number | undefined): ProcessRow[] =>
    all.filter((row) => row.parent === parent).flatMap((row) => [row, ...of(row.pid)]);
  return of(pid).filter(({ command }) => !/^\S*ps /.test(command));
}

/** Those of `rows` that still run; one that has ended and waits to be collected does not. */
function running(rows: readonly ProcessRow[]): ProcessRow[] {
  const pids = new Set(rows.map(({ pid }) => pid));
  return processes().filter(({ pid, state }) => pids.has(pid) && !state.startsWith('Z'));
}

const nothingRuns = (rows: readonly ProcessRow[]) =>
  vi.waitFor(() => expect(running(rows)).toEqual([]), { timeout: 5000, interval: 50 });

describe('the whole stack', { timeout: 90_000 }, () => {
  test('serves a city, and Ctrl-C leaves nothing behind', async () => {
    const launcher = launch('--port', '0', '--redis', 'embedded');
    const url = await ready(launcher);
    const started = descendants(launcher.child.pid);
    expect(started.filter(({ command }) => command.includes('workerd serve'))).not.toEqual([]);
    expect(existsSync(`${root}.dev/run-${launcher.child.pid}`)).toBe(true);

    const [first, second] = [await fetch(`${url}/cities/1`), await fetch(`${url}/cities/1`)];
    expect([first.status, await first.json()]).toEqual([200, expect.objectContaining({ id: 1 })]);
    expect(first.headers.get('cache-status')).toMatch(/fwd=uri-miss; stored/);
    expect(second.headers.get('cache-status')).toMatch(/; hit/);

    const { out } = launcher.output;
    expect(out.match(/^ +curl -i/gm)).toHaveLength(4);
    const token = /^export TOKEN=([\w-]{43})$/m.exec(out)?.[1] ?? '';
    expect(out).toContain('-H "Authorization: Bearer $TOKEN"');
    const purged = await fetch(`${url}/_tiercel/v1/purge`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ tags: ['city:1'] }),
    });
    expect(purged.status).toBe(200);
    const cron = await fetch(/'(http\S+scheduled\S+)'/.exec(out)?.[1] ?? '');
    expect(cron.status).toBe(200);

    launcher.child.kill('SIGINT');
    expect([await launcher.exited, launcher.output.err]).toEqual([0, '']);
    await nothingRuns(started);
    expect(existsSync(`${root}.dev/run-${launcher.child.pid}`)).toBe(false);
    const { port } = new URL(url);
    expect(await claimPort(Number(port))).toBe(Number(port));
  });

  test('a part that dies is named, and the rest ends', async () => {
    const launcher = launch('--port', '0', '--redis', 'embedded');
    await ready(launcher);
    const started = descendants(launcher.child.pid);
    const origin = started.find(({ command }) => command.includes('origin-process'));
    process.kill(origin?.pid ?? Number.NaN, 'SIGKILL');
    expect([await launcher.exited, launcher.output.err]).toEqual([
      1,
      'The origin died: it was ended by SIGKILL.\nEnding the rest.\n',
    ]);
    await nothingRuns(started);
  });
});

describe('what cannot start', () => {
  test('a taken port: one sentence, exit code 1, and nothing was started', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    try {
      const { exited, output } = launch('--port', String(port));
      expect([await exited, output.err]).toEqual([
        1,
        `Port ${port} is taken: end what listens there or choose another with --port N (0 picks a free one).\n`,
      ]);
      expect(output.out).not.toContain('Redis');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('an unknown flag: one sentence on stderr, exit code 1', async () => {
    const { exited, output } = launch('--prot', '1');
    expect(await exited).toBe(1);
    expect(output.out).toBe('');
    expect(output.err).toMatch(/^Unknown flag --prot: .*\.\n$/);
  });

  test('a Redis that does not answer: one sentence, exit code 1', async () => {
    const port = await claimPort(0);
    const { exited, output } = launch('--port', '0', '--redis', `redis://127.0.0.1:${port}`);
    expect(await exited).toBe(1);
    expect(output.err.trim().split('\n')).toHaveLength(1);
    expect(output.err).toContain(`127.0.0.1:${port}`);
  });

  test('no wrangler: one sentence, and nothing was started', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'tiercel-start-'));
    const onProgress = vi.fn<(part: string, line: string) => void>();
    try {
      await expect(startStack({ root: empty, onProgress })).rejects.toThrow(
        'Wrangler is not installed (node_modules/wrangler is missing): run npm ci.',
      );
      expect([onProgress.mock.calls, readdirSync(empty)]).toEqual([[], []]);
    } finally {
      rmSync(empty, { recursive: true });
    }
  });

  test('--help prints the flags and starts nothing', async () => {
    const { exited, output } = launch('--help');
    expect([await exited, output.err]).toEqual([0, '']);
    expect(output.out).toContain('--redis WHICH');
  });
});
