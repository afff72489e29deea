import { runCommand } from './launcher/run-command.ts';
import { writeFileSync } from 'node:fs';
import { mutants } from './mutants/mutants.ts';
import { mutantPlugin } from './mutants/plugin.ts';
import { RedisUnavailable } from './redis/redis.ts';
import { FlagError } from './launcher/flag-error.ts';
import { help, parseTortureFlags } from './torture/flags.ts';
import { prepareOutput } from './torture/output.ts';
import { torturePage } from './torture/page.ts';
import { summary } from './torture/report.ts';
import { runTorture, TortureFailed } from './torture/run.ts';

const mutantNames = mutants.map(({ name }) => name);

async function torture(args: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = parseTortureFlags(args, mutantNames);
  if (flags.help) {
    console.log(help(mutantNames));
    return 0;
  }
  const output = prepareOutput(flags.json);
  const report = await runTorture({
    flags,
    plugins: mutants.filter(({ name }) => name === flags.mutant).map(mutantPlugin),
    onProgress: (line) => console.error(line),
    signal,
  });
  writeFileSync(output.json, `${JSON.stringify(report, undefined, 2)}\n`);
  writeFileSync(output.page, torturePage(report));
  console.log(summary(report));
  console.log(`${'Report'.padEnd(16)}${output.json}, ${output.page}`);
  if (!report.mutant) return report.violations === 0 ? 0 : 1;
  const { name, caughtAfterMs } = report.mutant;
  console.log(
    caughtAfterMs === undefined
      ? `The mutant ${name} was NOT caught.`
      : `The mutant ${name} was caught after ${Math.round(caughtAfterMs / 100) / 10} s.`,
  );
  return caughtAfterMs === undefined ? 1 : 0;
}

await runCommand(torture, {
  name: 'torture',
  expected: [FlagError, TortureFailed, RedisUnavailable],
  failure: 2,
});
