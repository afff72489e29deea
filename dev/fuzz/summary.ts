import type { FuzzResult } from './run.ts';
import type { Counts } from './tally.ts';

/** For a terminal. */
export function summary(result: FuzzResult): string {
  const { memory, seconds } = result;
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const rows: (readonly [string, string])[] = [
    ['Violations', violations(result)],
    ['Requests', `${result.sent}, clean ones included; ${result.originRequests} reached an origin`],
    ['Methods', told(result.methods)],
    ['Statuses', told(result.statuses)],
    ['Tenants', told(result.tenants)],
    ['Cache', told(result.cache)],
    [
      'Memory',
      `isolate ${megabytes(memory.held.heap)} MB after a collection; process ${megabytes(memory.idle)} MB idle, ${megabytes(memory.held.resident)} MB after a collection, ${megabytes(memory.peak)} MB at the most`,
    ],
    ['Time', `${seconds.toFixed(1)} s, ${Math.round(result.sent / seconds)} requests a second`],
  ];
  return rows.map(([name, text]) => `${name.padEnd(12)}${text}`).join('\n');
}

function violations({ violationCount, violationsByInvariant }: FuzzResult): string {
  return violationCount === 0 ? '0' : `${violationCount}: ${told(violationsByInvariant)}`;
}

function told(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
