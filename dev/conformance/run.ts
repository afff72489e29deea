import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { versionOf } from '../checks/machine.ts';
import { undoAll, type Undo } from '../launcher/undo.ts';
import { memberOf } from '../launcher/user-settings.ts';
import { runSuite } from './client.ts';
import { ConformanceFailed } from './failure.ts';
import { startTestedGateway } from './gateway.ts';
import { startSuiteOrigin } from './origin.ts';
import { type ConformanceResult, countOutcomes, type Through } from './result.ts';
import type { Suite } from './suite.ts';

export interface RunOptions {
  readonly suite: Suite;
  readonly through: Through;
  readonly tenant: Readonly<Record<string, unknown>>;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A line for so many tests. */
const TELL_EVERY = 50;
const ANSWER_MS = 20_000;

/** Makes one run, from start to stop. Throws {@link ConformanceFailed} when it does not come to its end. */
export async function runConformance(options: RunOptions): Promise<ConformanceResult> {
  const { suite, through, onProgress, signal } = options;
  const undo: Undo[] = [];
  try {
    const origin = await startSuiteOrigin(suite);
    undo.push(() => origin.stop());
    onProgress(`The suite's server: ${origin.url}`);
    const gateway = await startTestedGateway({ ...options, origin: origin.url });
    undo.push(() => gateway.stop());
    onProgress(`The gateway: ${gateway.url}`);
    await expectAnswer(gateway.url);
    const begun = new Date();
    let told = 0;
    const tests = await Promise.race([
      runSuite(
        suite,
        gateway.url,
        (done, of) => {
          if (done < told + TELL_EVERY) return;
          told = done;
          onProgress(`${done} of ${of} tests`);
        },
        signal,
      ),
      gone("The suite's server", origin.died),
      gone('The gateway', gateway.died),
    ]);
    // One that has gone without a word would have failed every test since.
    await expectAnswer(gateway.url);
    return {
      date: begun.toISOString(),
      suite: { commit: suite.commit, version: suite.version, undici: suite.undici },
      versions: {
        tiercel: ownVersion(),
        node: process.versions.node,
        workerd: versionOf('workerd'),
      },
      through,
      settings: gateway.settings,
      seconds: Math.round((Date.now() - begun.getTime()) / 1000),
      counts: countOutcomes(tests),
      tests: Object.fromEntries(Object.entries(tests).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    };
  } finally {
    await undoAll(undo);
  }
}

/** A gateway that cannot serve the suite's own page would fail every test, and say nothing of why. */
async function expectAnswer(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) }).catch(
    (error: Error) => {
      throw new ConformanceFailed(`The gateway does not answer: ${error.message}`, {
        cause: error,
      });
    },
  );
  const text = await answer.text();
  if (!answer.ok)
    throw new ConformanceFailed(
      `The gateway answers ${answer.status} for a page of the suite's server: ${text.slice(0, 300)}`,
    );
}

async function gone(what: string, died: Promise<string>): Promise<never> {
  throw new ConformanceFailed(`${what} ended during the run: ${await died}`);
}

function ownVersion(): string {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url));
  return String(memberOf(JSON.parse(readFileSync(file, 'utf8')), 'version'));
}
