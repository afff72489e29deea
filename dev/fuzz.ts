import { writeFileSync } from 'node:fs';
import { versionOf } from './checks/machine.ts';
import { type FoundCase, casesOf } from './fuzz/cases.ts';
import { FuzzFailed } from './fuzz/failure.ts';
import { HELP, parseFuzzFlags } from './fuzz/flags.ts';
import { readKept, writeKept } from './fuzz/kept.ts';
import { replay } from './fuzz/replay.ts';
import { shown } from './fuzz/request.ts';
import { runFuzz } from './fuzz/run.ts';
import { summary } from './fuzz/summary.ts';
import { type FuzzTarget, startFuzzTarget } from './fuzz/target.ts';
import { FlagError } from './launcher/flag-error.ts';
import { ensureWritable } from './launcher/flag-values.ts';
import { runCommand } from './launcher/run-command.ts';
import { RedisUnavailable } from './redis/redis.ts';

async function fuzz(args: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = parseFuzzFlags(args);
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const { json, keep, redis, bare } = flags;
  if (json !== undefined) ensureWritable('--json', json, [json], false);
  const kept = flags.replay === undefined ? undefined : readKept(flags.replay);
  const onProgress = (line: string): void => console.error(line);
  const begun = new Date();
  const target = await startFuzzTarget(redis, bare);
  try {
    if (kept) return await replayed(target, kept.requests);
    const result = await runFuzz(target, { ...flags, onProgress, signal });
    console.log(summary(result));
    for (const found of await casesOf(target, result.violations, onProgress)) tell(found, keep);
    if (json !== undefined) {
      const versions = { node: process.versions.node, workerd: versionOf('workerd') };
      const { requests, seed } = flags;
      const report = {
        date: begun.toISOString(),
        versions,
        redis: target.redis,
        requests,
        seed,
        ...result,
      };
      writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
    }
    return result.violationCount === 0 ? 0 : 1;
  } finally {
    await target.stop();
  }
}

async function replayed(
  target: FuzzTarget,
  requests: Parameters<typeof replay>[1],
): Promise<number> {
  for (const request of requests) console.log(shown(request));
  const found = await replay(target, requests);
  for (const { invariant, detail } of found) console.log(`${invariant}: ${detail}`);
  if (found.length === 0) console.log('Nothing is wrong.');
  return found.length === 0 ? 0 : 1;
}

function tell(found: FoundCase, keep: string): void {
  const file = writeKept(keep, found);
  console.log(`\n${found.invariant}: ${found.detail}`);
  for (const request of found.requests) console.log(`  ${shown(request)}`);
  console.log(
    found.again
      ? `  npm run fuzz -- --replay ${file}`
      : `  It did not fail again by itself; what was sent is in ${file}.`,
  );
}

await runCommand(fuzz, {
  name: 'fuzz',
  expected: [FlagError, FuzzFailed, RedisUnavailable],
  failure: 2,
});
