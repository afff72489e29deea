// The end of a run: text for people on stdout and, when SUMMARY names a file, all figures as JSON in it.

const latencies = ['avg', 'med', 'p(95)', 'p(99)', 'max'];

/** Scripts set `summaryTrendStats` to this, so that the figures that are printed exist. */
export const trendStats = latencies;

/** What handleSummary returns. */
export function summarize(name, data) {
  const outputs = { stdout: text(name, data) };
  if (__ENV.SUMMARY) outputs[__ENV.SUMMARY] = `${JSON.stringify(data, null, 2)}\n`;
  return outputs;
}

function text(name, data) {
  const { metrics } = data;
  const value = (metric, figure) => metrics[metric]?.values[figure] ?? 0;
  const seconds = (data.state.testRunDurationMs / 1000).toFixed(1);
  const lines = [
    '',
    `${name}: ${value('http_reqs', 'count')} requests in ${seconds} s (${value('http_reqs', 'rate').toFixed(0)}/s), ` +
      `${value('checks', 'passes')} checks passed, ${value('checks', 'fails')} failed`,
    '',
    row('answered by', ['answers', ...latencies.map((figure) => `${figure} ms`)]),
    ...tiers(metrics).map((tier) => {
      const trend = metrics[`answer_duration{tier:${tier}}`];
      return row(tier, [
        metrics[`answers{tier:${tier}}`].values.count,
        ...latencies.map((figure) => trend?.values[figure]?.toFixed(2) ?? '-'),
      ]);
    }),
    '',
    ...failedChecks(data.root_group).map((check) => `check failed: ${check}`),
    ...thresholds(metrics),
    '',
  ];
  return lines.join('\n');
}

/** The tiers that answered at least once. */
function tiers(metrics) {
  return Object.keys(metrics)
    .map((metric) => /^answers\{tier:(.+)\}$/.exec(metric)?.[1])
    .filter((tier) => tier && metrics[`answers{tier:${tier}}`].values.count > 0);
}

function failedChecks(group) {
  return [
    ...group.checks
      .filter(({ fails }) => fails > 0)
      .map(({ name, passes, fails }) => `${name}: ${fails} of ${passes + fails}`),
    ...group.groups.flatMap(failedChecks),
  ];
}

/** Thresholds that can fail: those that only make a metric appear by tier always hold. */
function thresholds(metrics) {
  return Object.entries(metrics).flatMap(([metric, { thresholds: all = {} }]) =>
    Object.entries(all)
      .filter(([rule]) => !rule.endsWith('>=0'))
      .map(([rule, { ok }]) => `${ok ? 'held  ' : 'BROKEN'}  ${metric}  ${rule}`),
  );
}

function row(first, cells) {
  return first.padEnd(14) + cells.map((cell) => String(cell).padStart(11)).join('');
}
