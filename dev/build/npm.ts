import { run } from './command.ts';

/** What an outer npm has to hand on: where the registry is, how to reach it, and where packages are kept. */
const handedOn =
  /^npm_config_(?:\/\/.*|@.*|registry|cache|userconfig|globalconfig|proxy|https?_proxy|no_?proxy|ca|cafile|strict_ssl)$/i;

/** Runs the machine's npm in a folder and answers what it printed. */
export function npm(args: readonly string[], cwd: string): Promise<string> {
  return run({
    name: `npm ${args[0]}`,
    file: 'npm',
    args: [
      '--loglevel=error',
      '--no-audit',
      '--no-fund',
      '--no-update-notifier',
      '--fetch-retries=1',
      ...args,
    ],
    cwd,
    env: npmEnvironment(process.env),
  });
}

/** The environment without what the npm that runs this script says about itself, its flags and its project. */
export function npmEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^npm_/i.test(name) || handedOn.test(name)),
  );
}
