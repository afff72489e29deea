import { distribution, escaped, timeAxis } from './chart.ts';
import type { TortureReport } from './report.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #d5dae0; --ground: #ffffff; --bar: #3569b8; --fault: #b7791f; --bad: #b42318; --good: #1a7f45; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa5b1; --line: #333b45; --ground: #14181d; --bar: #79a7ec; --fault: #d9a441; --bad: #ff8a7a; --good: #5fce8f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 4rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; } th { font-weight: 500; }
td.n { text-align: right; padding-right: 0; width: 8rem; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.bar { fill: var(--bar); } .fault { fill: var(--fault); } .wrong { fill: var(--bad); } .axis { stroke: var(--line); } .mark { stroke: var(--soft); stroke-dasharray: 4 3; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 0 2.5rem; }
pre { overflow-x: auto; font-size: .8rem; border: 1px solid var(--line); padding: .75rem; }
`;

/** The report as one page that needs nothing else: no script, no file, no network. */
export function torturePage(report: TortureReport): string {
  const { run, propagationMs: to, mutant, violations } = report;
  const verdict = mutant
    ? mutant.caughtAfterMs === undefined
      ? `<strong class="bad">The broken build ${escaped(mutant.name)} was not caught.</strong>`
      : `<strong class="good">The broken build ${escaped(mutant.name)} was caught after ${seconds(mutant.caughtAfterMs)}.</strong>`
    : violations === 0
      ? '<strong class="good">No violation.</strong>'
      : `<strong class="bad">${number(violations)} violations.</strong>`;
  const startedAt = Date.parse(run.startedAt);
  const first = report.violationDetails.at(0);
  const began = report.violationDetails.map(({ atMs }) => atMs);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tiercel: torture run</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Torture run</h1>
<p>${verdict}</p>
<p class="soft">${run.processes} processes, ${seconds(run.ranForMs)}, bound ${run.coherenceMs} ms, seed ${run.seed}, ${escaped(run.redis)}, ${Number.isNaN(startedAt) ? '' : escaped(run.startedAt)}</p>

<div class="columns">
${table('Reads', {
  reads: report.reads,
  'flagged as unverified': report.unverifiedReads,
  violations: violations,
  ...named('hit from ', report.hits),
  ...named('', omit(report.servings, 'hit')),
  'without a value': report.emptyReads,
})}
${table('Purges', { acknowledged: report.purges, 'given up': report.purgesAbandoned, ...report.purgesByTarget })}
</div>

<h2>Propagation</h2>
<p class="soft">From the acknowledgement of a purge to the first read of a process that brought something newer; ${number(to.count)} pairs of a purge and a process, without faults.</p>
${distribution(report.propagationSamples, [
  { name: `bound ${run.coherenceMs} ms`, ms: run.coherenceMs },
  { name: `limit of p99 ${to.limit} ms`, ms: to.limit },
])}
<table>
<tr><th></th><th>p50</th><th>p95</th><th>p99</th><th>max</th><th>pairs</th></tr>
${(
  [
    ['to others', to],
    ['to others, under faults', report.propagationUnderFaultsMs],
    ['to the process that purged', report.propagationToSelfMs],
  ] as const
)
  .map(
    ([name, one]) =>
      `<tr><th>${name}</th>${[one.p50, one.p95, one.p99, one.max].map((ms) => `<td>${ms === undefined ? '–' : `${ms} ms`}</td>`).join('')}<td>${number(one.count)}</td></tr>`,
  )
  .join('\n')}
</table>
<p class="soft">The latest verified read of something purged began ${report.lastOldMs} ms after the acknowledgement.</p>

<h2>Faults</h2>
${timeAxis(report.faultLog, began, run.ranForMs)}

<div class="columns">
${table('How often', Object.fromEntries(Object.entries(report.faults)))}
${table('Episodes', report.episodes)}
${table('Operations', report.operations)}
${table('Writes', report.writes)}
${table('Reads that failed', report.failedReads)}
${table('Origin', { loads: report.origin.loads, 'answered 304': report.origin.notModified, failed: report.origin.failed })}
</div>

${first ? `<h2>The first violation</h2><pre>${escaped(JSON.stringify(first, undefined, 2))}</pre>` : ''}
<h2>How it is measured</h2>
<p>${escaped(report.how)}</p>
</body>
</html>
`;
}

function table(title: string, rows: Readonly<Record<string, number>>): string {
  const lines = Object.entries(rows).map(
    ([name, count]) => `<tr><th>${escaped(name)}</th><td class="n">${number(count)}</td></tr>`,
  );
  const body = lines.length === 0 ? '<tr><td>none</td></tr>' : lines.join('\n');
  return `<section><h2>${title}</h2><table>\n${body}\n</table></section>`;
}

function named(prefix: string, counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [`${prefix}${name}`, count]),
  );
}

function omit(counts: Readonly<Record<string, number>>, name: string): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([key]) => key !== name));
}

function number(count: number): string {
  return count.toLocaleString('en');
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
