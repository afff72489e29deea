import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findK6 } from '../../dev/k6/find.ts';
import { K6Unavailable, k6Version } from '../../dev/k6/version.ts';

let folder: string;
let binFolder: string;
let pathFolder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'k6-test-'));
  binFolder = join(folder, 'bin');
  pathFolder = join(folder, 'path');
  mkdirSync(binFolder);
  mkdirSync(pathFolder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

// What a machine has is told by programs of its own on a PATH of its own.
const program = (file: string, script: string) => {
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
};
const k6 = (version: string) => `echo "k6 v${version} (go1.26.8, linux/amd64)"`;
const go = (version: string, install: string) =>
  `if [ "$1" = version ]; then echo "go version go${version} linux/amd64"; else ${install}; fi`;
const find = (onProgress?: (line: string) => void) =>
  findK6({ binFolder, env: { PATH: pathFolder }, ...(onProgress && { onProgress }) });

describe('findK6', () => {
  it('takes the one on PATH, whichever its version', async () => {
    program(join(pathFolder, 'k6'), k6('0.57.0'));
    program(join(binFolder, 'k6'), k6(k6Version));
    expect(await find()).toEqual({ command: 'k6', version: '0.57.0', from: 'PATH' });
  });

  it('takes the one built earlier when the one on PATH does not run', async () => {
    program(join(pathFolder, 'k6'), 'exit 1');
    program(join(binFolder, 'k6'), k6(k6Version));
    expect(await find()).toEqual({
      command: join(binFolder, 'k6'),
      version: k6Version,
      from: 'build',
    });
  });

  it('builds the pinned version, over one of another version, and says that it does', async () => {
    program(join(binFolder, 'k6'), k6('1.0.0'));
    program(
      join(pathFolder, 'go'),
      go(
        '1.26.8',
        `printf '#!/bin/sh\\n${k6(k6Version)}\\n' > "$GOBIN/k6"; /bin/chmod +x "$GOBIN/k6"`,
      ),
    );
    const lines: string[] = [];
    expect(await find((line) => lines.push(line))).toMatchObject({
      version: k6Version,
      from: 'build',
    });
    expect(lines[0]).toMatch(/^Building k6 v1\.\d+\.\d+ with Go 1\.26, once: about/);
    expect(lines.at(-1)).toMatch(/^k6 v1\.\d+\.\d+ built in \d+ s\.$/);
    expect(readdirSync(binFolder)).toEqual(['k6']);
  });

  it('lets an older Go fetch the one that k6 needs', async () => {
    program(
      join(pathFolder, 'go'),
      go(
        '1.22.1',
        `[ "$GOTOOLCHAIN" = auto ] && printf '#!/bin/sh\\n${k6(k6Version)}\\n' > "$GOBIN/k6" && /bin/chmod +x "$GOBIN/k6"`,
      ),
    );
    expect(await find()).toMatchObject({ from: 'build' });
  });

  it.each([
    [
      'neither k6 nor Go is there',
      undefined,
      /^Neither k6 nor Go is on this machine: install k6 from https:/,
    ],
    [
      'Go is too old',
      go('1.19.8', 'exit 1'),
      /^k6 cannot be built with Go 1\.19: it takes Go 1\.21 or newer/,
    ],
    [
      'the build fails',
      go('1.26.8', 'echo "go: downloading x" >&2; echo "dial tcp: no such host" >&2; exit 1'),
      /^k6 v1\.\d+\.\d+ cannot be built: go install ended with 1: dial tcp: no such host$/,
    ],
  ])('says how to get it when %s', async (_when, script, sentence) => {
    if (script !== undefined) program(join(pathFolder, 'go'), script);
    const failure = await find().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(K6Unavailable);
    expect((failure as Error).message).toMatch(sentence);
    expect(readdirSync(binFolder)).toEqual([]);
  });
});
