import { fileURLToPath } from 'node:url';
import { startOwnedProcess } from '../launcher/owned-process.ts';
import { ConformanceFailed } from './failure.ts';
import { testResults, type TestResults } from './result.ts';
import type { ClientMessage } from './suite-client.ts';
import type { Suite } from './suite.ts';

const script = fileURLToPath(new URL('suite-client.ts', import.meta.url));
/** A run takes one to two minutes. */
const RUN_MS = 600_000;
const SILENCE_MS = 60_000;

/**
 * Runs the suite's tests against the address. Throws {@link ConformanceFailed} when they do not come to their end.
 * @param url of the gateway, without a path
 * @param onProgress how many tests have ended, and of how many
 */
export async function runSuite(
  { folder }: Suite,
  url: string,
  onProgress: (done: number, of: number) => void,
  signal: AbortSignal,
): Promise<TestResults> {
  const ended = Promise.withResolvers<TestResults>();
  const fail = (reason: string): void => ended.reject(new ConformanceFailed(reason));
  let reached = 'nothing had been tested';
  const silence = (): NodeJS.Timeout =>
    setTimeout(
      () => fail(`The suite said nothing for ${SILENCE_MS / 1000} s: ${reached}.`),
      SILENCE_MS,
    );
  let quiet = silence();
  const child = startOwnedProcess({
    script,
    args: [url],
    cwd: folder,
    // Where they are empty, everything is run, at the address of the argument.
    env: { npm_package_config_id: '', npm_config_id: '', NODE_NO_WARNINGS: '1' },
    onMessage(received) {
      const message = received as ClientMessage;
      clearTimeout(quiet);
      if ('done' in message) {
        quiet = silence();
        reached = `${message.done} of ${message.of} tests had ended`;
        onProgress(message.done, message.of);
        return;
      }
      const read = testResults.safeParse(message.tests);
      if (read.success) ended.resolve(read.data);
      else
        fail(
          `The suite's results are not as expected; is it a newer one? ${read.error.issues[0]?.path.join('.')}: ${read.error.issues[0]?.message}`,
        );
    },
  });
  void child.died.then((reason) => fail(`The suite ended early, ${reached}: ${reason}`));
  const interrupt = (): void => fail('The run was interrupted.');
  signal.addEventListener('abort', interrupt, { once: true });
  if (signal.aborted) interrupt();
  const limit = setTimeout(
    () => fail(`The suite did not end within ${RUN_MS / 1000} s: ${reached}.`),
    RUN_MS,
  );
  try {
    return await ended.promise;
  } finally {
    clearTimeout(limit);
    clearTimeout(quiet);
    signal.removeEventListener('abort', interrupt);
    await child.stop();
  }
}
