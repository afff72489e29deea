import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder with the same doors as a checkout of the suite, and four tests of our own behind them. */
export interface StandInSuite {
  readonly folder: string;
  /** Replaces a file. */
  write(file: string, text: string): void;
  remove(): void;
}

const files: Readonly<Record<string, string>> = {
  'package.json': '{ "version": "9.9.9" }',
  'tests/index.mjs': `export default [
    { id: 'one', tests: [{ id: 'good' }, { id: 'bad' }, { id: 'later', kind: 'optimal', depends_on: ['bad'] }] },
    { id: 'two', tests: [{ id: 'browsers', browser_only: true }, { id: 'wish', kind: 'check' }] },
  ];`,
  'test-engine/server/server.mjs': `import { createServer } from 'node:http';
    const asked = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify(asked));
    });
    // On every address, as a server does that is told a port only.
    server.listen(process.env.npm_config_port);`,
  'test-engine/client/runner.mjs': `const results = {};
    export const getResults = () => results;
    export async function runTests(groups, browser, base) {
      for (const { id } of groups.flatMap((group) => group.tests)) {
        if (id === 'browsers') continue;
        const text = await (await fetch(base + '/' + id)).text();
        results[id] = id === 'bad' ? ['Assertion', 'said ' + text] : true;
      }
    }`,
  'test-engine/lib/results.mjs': `export const resultTypes = { pass: [1], fail: [2], yes: [3], dependency_fail: [4] };
    export function determineTestResult(groups, id, results) {
      const test = groups.flatMap((group) => group.tests).find((one) => one.id === id);
      if (test.depends_on) return resultTypes.dependency_fail;
      if (results[id] !== true) return resultTypes.fail;
      return test.kind === 'check' ? resultTypes.yes : resultTypes.pass;
    }`,
};

export function standInSuite(): StandInSuite {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-suite-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
