import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runSuite } from '../../dev/conformance/client.ts';
import { startSuiteOrigin } from '../../dev/conformance/origin.ts';
import { openSuite, remarks } from '../../dev/conformance/suite.ts';
import { standInSuite, type StandInSuite } from './suite-fixture.ts';

const never = new AbortController().signal;

let checkout: StandInSuite;
beforeEach(() => {
  checkout = standInSuite();
});
afterEach(() => checkout.remove());

const open = () => openSuite(checkout.folder, 'abcdef0');

test('a folder that is no checkout is refused with what is missing', () => {
  checkout.write('empty/file', '');
  expect(() => openSuite(`${checkout.folder}/empty`, undefined)).toThrow(
    /empty is no checkout of http-tests\/cache-tests \(test-engine\/server\/server\.mjs is missing\): git clone/,
  );
});

test('what is known of a checkout, and what is worth saying of it', () => {
  expect(open()).toMatchObject({ commit: 'abcdef0', version: '9.9.9', undici: 'none' });
  expect(remarks(open())).toEqual([expect.stringMatching(/need undici.* npm install/)]);
  checkout.write('node_modules/undici/package.json', '{ "version": "7.1.2" }');
  const unnamed = openSuite(checkout.folder, undefined);
  expect(unnamed).toMatchObject({ commit: 'unknown', undici: '7.1.2' });
  expect(remarks(unnamed)).toEqual([expect.stringMatching(/--commit SHA/)]);
});

describe("the suite's server and client", () => {
  test('run on loopback alone; every test has its kind, its outcome and what was said', async () => {
    const origin = await startSuiteOrigin(open());
    try {
      const others = Object.values(networkInterfaces())
        .flatMap((found) => found ?? [])
        .filter(({ internal, family }) => !internal && family === 'IPv4');
      const { port } = new URL(origin.url);
      for (const { address } of others)
        await expect(fetch(`http://${address}:${port}/`)).rejects.toThrow('fetch failed');

      const told: string[] = [];
      const tests = await runSuite(
        open(),
        origin.url,
        (done, of) => void told.push(`${done} of ${of}`),
        never,
      );
      expect(tests).toEqual({
        good: { kind: 'required', outcome: 'pass' },
        bad: { kind: 'required', outcome: 'fail', message: 'said ["/good","/bad"]' },
        later: { kind: 'optimal', outcome: 'dependency_fail', buildsOn: 'bad' },
        wish: { kind: 'check', outcome: 'yes' },
      });
      // What one test leaves on a connection is not the answer to another one.
      expect((await fetch(origin.url)).headers.get('connection')).toBe('close');
    } finally {
      await origin.stop();
    }
    await expect(fetch(origin.url)).rejects.toThrow('fetch failed');
  });

  test('a server that does not start says why', async () => {
    checkout.write('test-engine/server/server.mjs', "throw new Error('no such luck');");
    await expect(startSuiteOrigin(open())).rejects.toThrow(
      /^The suite's server did not start: it exited with code 1\.[\s\S]*no such luck/,
    );
  });

  test('a client that fails, or whose results are no longer as expected, says why', async () => {
    const run = () => runSuite(open(), 'http://127.0.0.1:1', () => {}, never);
    await expect(run()).rejects.toThrow(/^The suite ended early, nothing had been tested: it/);
    checkout.write(
      'test-engine/client/runner.mjs',
      'export const runTests = async () => {}; export const getResults = () => ({});',
    );
    checkout.write(
      'test-engine/lib/results.mjs',
      'export const resultTypes = { new: [1] }; export const determineTestResult = () => resultTypes.new;',
    );
    await expect(run()).rejects.toThrow(
      /^The suite's results are not as expected; is it a newer one\? \w+\.outcome/,
    );
  });

  test('an interruption ends it at once', async () => {
    checkout.write(
      'test-engine/client/runner.mjs',
      'export const getResults = () => ({}); export const runTests = () => new Promise(() => setInterval(() => {}, 1000));',
    );
    const interrupt = new AbortController();
    const running = runSuite(
      open(),
      'http://127.0.0.1:1',
      () => interrupt.abort(),
      interrupt.signal,
    );
    await expect(running).rejects.toThrow('The run was interrupted.');
  });
});
