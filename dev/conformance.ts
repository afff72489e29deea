import { readFileSync, writeFileSync } from 'node:fs';
import { changes } from './conformance/compare.ts';
import { ConformanceFailed } from './conformance/failure.ts';
import { HELP, parseConformanceFlags } from './conformance/flags.ts';
import { IncompletePage, keptFile, PAGE_FILE, renderPage } from './conformance/page.ts';
import { BadResult, readResult, resultText } from './conformance/result.ts';
import { runConformance } from './conformance/run.ts';
import { openSuite, remarks } from './conformance/suite.ts';
import { summary } from './conformance/summary.ts';
import { ensureWritable } from './launcher/flag-values.ts';
import { FlagError } from './launcher/flag-error.ts';
import { runCommand } from './launcher/run-command.ts';

async function conformance(args: readonly string[], signal: AbortSignal): Promise<number> {
  const {
    help,
    suite: folder,
    through,
    json,
    write,
    base,
    commit,
    tenant,
  } = parseConformanceFlags(args);
  if (help) {
    console.log(HELP);
    return 0;
  }
  if (folder !== undefined) {
    // Before the run, which takes minutes.
    const before = base === undefined ? undefined : readResult(base);
    const suite = openSuite(folder, commit);
    ensureWritable('--json', json, [json], true);
    const onProgress = (line: string): void => console.error(line);
    for (const remark of remarks(suite)) onProgress(remark);
    const result = await runConformance({ suite, through, tenant, onProgress, signal });
    writeFileSync(json, resultText(result));
    if (write) writeFileSync(keptFile(through), resultText(result));
    console.log(`${summary(result)}\nResult: ${json}`);
    if (before) {
      const changed = changes(before, result);
      console.log([`Changed since ${base}: ${changed.length}`, ...changed].join('\n  '));
    }
  }
  if (write) {
    writeFileSync(PAGE_FILE, renderPage(readFileSync(PAGE_FILE, 'utf8')));
    console.log(`Written: ${PAGE_FILE}`);
  }
  return 0;
}

await runCommand(conformance, {
  name: 'conformance',
  expected: [FlagError, ConformanceFailed, BadResult, IncompletePage],
  failure: 2,
});
