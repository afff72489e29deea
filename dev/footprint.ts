import { writeFileSync } from 'node:fs';
import { versionOf } from './checks/machine.ts';
import { FootprintFailed } from './footprint/failure.ts';
import { HELP, parseFootprintFlags } from './footprint/flags.ts';
import { measureFootprint } from './footprint/measure.ts';
import { faults, table } from './footprint/verdict.ts';
import { ensureWritable } from './launcher/flag-values.ts';
import { FlagError } from './launcher/flag-error.ts';
import { runCommand } from './launcher/run-command.ts';
import { RedisUnavailable } from './redis/redis.ts';

async function footprint(args: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = parseFootprintFlags(args);
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const { mb, slowSeconds, limitMb, firstByteMs, json } = flags;
  if (json !== undefined) ensureWritable('--json', json, [json], false);
  const begun = new Date();
  const measured = await measureFootprint({
    bytes: mb * 1e6,
    slowSeconds,
    onProgress: (line) => console.error(line),
    signal,
  });
  const found = faults(measured, { limitMb, firstByteMs });
  console.log(table(measured));
  for (const fault of found) console.log(fault);
  if (json !== undefined) {
    const versions = { node: process.versions.node, workerd: versionOf('workerd') };
    const report = { date: begun.toISOString(), versions, mb, limitMb, firstByteMs, measured };
    writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  return found.length === 0 ? 0 : 1;
}

await runCommand(footprint, {
  name: 'footprint',
  expected: [FlagError, FootprintFailed, RedisUnavailable],
  failure: 2,
});
