import { banner } from './banner.ts';
import { FlagError } from './flag-error.ts';
import { HELP, parseFlags } from './flags.ts';
import { type Ending, Interrupted } from './supervisor.ts';
import { createStack, describeEnding, type Stack, type StackOptions } from './stack.ts';

/** How long after the first signal another one is the same key press: npm passes on what the terminal already sent. */
const sameKeyPressMs = 500;

const parentCheckMs = 500;

const exitCodes: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * `npm start`: runs the stack in the foreground until a signal comes or a part dies. Returns the exit code: 0 when
 * a signal ended it after it was ready, 128 + signal before, 1 for everything else.
 */
export async function launch(
  args: readonly string[],
  options: Pick<StackOptions, 'root' | 'configFile'> = {},
): Promise<number> {
  try {
    const { help, ...flags } = parseFlags(args);
    if (help) {
      console.log(HELP);
      return 0;
    }
    return await run({ ...options, ...flags });
  } catch (error) {
    // A mistake of this program, not of the command line, is worth its stack.
    console.error(error instanceof FlagError ? error.message : error);
    return 1;
  }
}

async function run(options: StackOptions): Promise<number> {
  const stack = createStack({
    ...options,
    // A line for each request is for people to see, and costs time.
    logLevel: process.stdout.isTTY ? 'log' : 'warn',
    onProgress: (part, line) => console.log(`  ${part.padEnd(9)} ${line}`),
    onLine: (part, line) => console.log(`[${part}] ${line}`),
  });
  endOnSignals(stack);
  console.log('Starting the local stack; Ctrl-C ends it.');
  let ready = false;
  let failure: string | undefined;
  try {
    const running = await stack.start();
    console.log(banner(running));
    ready = true;
  } catch (error) {
    if (!(error instanceof Interrupted)) failure = (error as Error).message;
  }
  const ending = failure === undefined ? await stack.ended : undefined;
  if (failure !== undefined) console.error(failure);
  if (ending?.kind === 'signal') console.log(`${ending.signal}: ending everything.`);
  if (ending?.kind === 'death') console.error(`${describeEnding(ending)}\nEnding the rest.`);
  await stack.stop();
  return exitCode(ending, ready);
}

function exitCode(ending: Ending | undefined, ready: boolean): number {
  if (ending?.kind !== 'signal') return 1;
  return ready ? 0 : (exitCodes[ending.signal] ?? 1);
}

function endOnSignals(stack: Stack): void {
  let first: number | undefined;
  const onSignal = (signal: string) => {
    if (first === undefined) {
      first = performance.now();
      stack.end({ kind: 'signal', signal });
    } else if (performance.now() - first > sameKeyPressMs) {
      console.error(`${signal} again: ending at once.`);
      stack.kill();
      process.exit(exitCodes[signal] ?? 1);
    }
  };
  const onGone = () => stack.end({ kind: 'signal', signal: 'SIGHUP' });
  for (const signal of Object.keys(exitCodes)) process.on(signal, onSignal);
  // Started by another program that has gone.
  process.once('disconnect', onGone);
  if (process.env['npm_lifecycle_event'] !== undefined) endWithParent(onGone);
  // The terminal, or what reads the output, has gone.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onGone);
}

/** npm, or the shell it runs scripts in, may end without passing the signal on. */
function endWithParent(onGone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, parentCheckMs);
  timer.unref();
}
