import { runCommand } from './launcher/run-command.ts';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BadArguments, parseLoadArguments } from './k6/arguments.ts';
import { findK6 } from './k6/find.ts';
import { runK6 } from './k6/run.ts';
import { StackUnavailable, startStack } from './k6/stack.ts';
import { K6Unavailable } from './k6/version.ts';

const project = fileURLToPath(new URL('..', import.meta.url));

const usage = `npm run load -- SCENARIO [--duration 10s] [--vus 3] [--target URL [--allow-remote]]

Runs k6/SCENARIO.js against a local stack that is started for it, or against --target.
Ends with k6's exit code: 0 when every threshold held, 99 when one was broken.
SUMMARY=FILE writes all figures there as JSON.`;

function scenarios(): string[] {
  return readdirSync(`${project}k6`)
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length))
    .toSorted();
}

async function load(args: readonly string[], signal: AbortSignal): Promise<number> {
  const parsed = parseLoadArguments(args, scenarios());
  if (parsed === 'help') {
    console.log(`${usage}\n\nScenarios: ${scenarios().join(', ')}`);
    return 0;
  }
  const { scenario, duration, vus, target } = parsed;
  const onProgress = (line: string) => console.error(line);
  const k6 = await findK6({ binFolder: `${project}.dev/bin`, onProgress, signal });

  const stack =
    target === undefined
      ? await startStack({ launcher: `${project}dev/start.ts`, onProgress, signal })
      : undefined;
  const stackDied = new AbortController();
  let died: string | undefined;
  void stack?.died.then((reason) => {
    died = reason;
    stackDied.abort();
  });
  try {
    const url = target ?? stack?.url;
    console.error(`k6 ${k6.version} (${k6.from}) runs ${scenario} against ${url}`);
    const code = await runK6({
      k6,
      script: `${project}k6/${scenario}.js`,
      variables: { TARGET: url, DURATION: duration, VUS: vus },
      signal: AbortSignal.any([signal, stackDied.signal]),
    });
    if (died === undefined) return code;
    console.error(died);
    return 1;
  } finally {
    await stack?.stop();
  }
}

await runCommand(load, {
  name: 'load',
  expected: [BadArguments, K6Unavailable, StackUnavailable],
  failure: 1,
});
