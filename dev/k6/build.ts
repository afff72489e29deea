import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { K6Unavailable, k6Version } from './version.ts';

const run = promisify(execFile);

/** k6's module asks for this Go; an older one fetches a newer toolchain by itself, where it is allowed to. */
const goRequired: readonly [number, number] = [1, 25];
/** The oldest Go that can fetch a toolchain. */
const goWithToolchains: readonly [number, number] = [1, 21];

/** The `go` on PATH as [major, minor], or undefined when none runs. */
export async function findGo(
  env: NodeJS.ProcessEnv,
): Promise<readonly [number, number] | undefined> {
  try {
    const { stdout } = await run('go', ['version'], { env, timeout: 30_000 });
    const [, major, minor] = /\bgo(\d+)\.(\d+)/.exec(stdout) ?? [];
    return major === undefined ? undefined : [Number(major), Number(minor)];
  } catch {
    return undefined;
  }
}

/**
 * Builds the pinned k6 with `go install` and moves it to `file` once it is whole: an interrupted or a second build
 * never leaves or meets half of it. Needs no C compiler.
 *
 * @throws K6Unavailable when Go is too old or the build fails, with the end of what Go said
 */
export async function buildK6(options: {
  file: string;
  go: readonly [number, number];
  env: NodeJS.ProcessEnv;
  onProgress: (line: string) => void;
  signal?: AbortSignal | undefined;
}): Promise<void> {
  const { file, go, env, onProgress, signal } = options;
  if (isOlder(go, goWithToolchains)) {
    throw new K6Unavailable(
      `k6 cannot be built with Go ${go.join('.')}: it takes Go ${goWithToolchains.join('.')} or newer; update Go, or install k6 from https://grafana.com/docs/k6/latest/set-up/install-k6/.`,
    );
  }
  onProgress(
    `Building k6 v${k6Version} with Go ${go.join('.')}, once: about 1 to 5 minutes, and 1 GB of Go's caches.`,
  );
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, '.building-k6-'));
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const timer = setInterval(() => onProgress(`Building k6: ${seconds()} s.`), 15_000);
  try {
    await goInstall(
      {
        ...env,
        GOBIN: temporary,
        CGO_ENABLED: '0',
        // Some systems' Go is set to stay the version it is; k6 needs the one that its module names.
        ...(isOlder(go, goRequired) && { GOTOOLCHAIN: 'auto' }),
      },
      signal,
    );
    renameSync(join(temporary, 'k6'), file);
  } finally {
    clearInterval(timer);
    rmSync(temporary, { recursive: true, force: true });
  }
  onProgress(`k6 v${k6Version} built in ${seconds()} s.`);
}

function goInstall(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', ['install', `go.k6.io/k6@v${k6Version}`], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal && { signal }),
    });
    const lines: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      lines.push(
        ...text.split('\n').filter((line) => line !== '' && !line.startsWith('go: downloading ')),
      );
      lines.splice(0, Math.max(0, lines.length - 5));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else {
        reject(
          new K6Unavailable(
            `k6 v${k6Version} cannot be built: go install ended with ${code}: ${lines.join(' / ')}`,
          ),
        );
      }
    });
  });
}

function isOlder(a: readonly [number, number], b: readonly [number, number]): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
