import type { HappenedFault } from './tally.ts';

/** A drawing as SVG, for a page: colours come from the page's own custom properties. */
export type Svg = string;

const WIDTH = 860;
const LEFT = 96;
const RIGHT = 24;

/**
 * How propagation is distributed: columns of equal width, and where the bound and the limit are.
 * @param samples milliseconds, ascending
 */
export function distribution(
  samples: readonly number[],
  marks: readonly { readonly name: string; readonly ms: number }[],
): Svg {
  const height = 220;
  const bottom = height - 34;
  const top = 30;
  const last = Math.max(samples.at(-1) ?? 0, ...marks.map(({ ms }) => ms)) * 1.04 || 1;
  const columns = 40;
  const counts = Array.from({ length: columns }, () => 0);
  for (const ms of samples) {
    const at = Math.min(columns - 1, Math.floor((ms / last) * columns));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const most = Math.max(1, ...counts);
  const x = (ms: number): number => LEFT + (ms / last) * (WIDTH - LEFT - RIGHT);
  const step = (WIDTH - LEFT - RIGHT) / columns;
  const bars = counts.map((count, at) => {
    const tall = (count / most) * (bottom - top);
    const from = Math.round((at / columns) * last);
    const to = Math.round(((at + 1) / columns) * last);
    return `<rect class="bar" x="${(LEFT + at * step + 1).toFixed(1)}" y="${(bottom - tall).toFixed(1)}" width="${(step - 2).toFixed(1)}" height="${tall.toFixed(1)}"><title>${from} to ${to} ms: ${count}</title></rect>`;
  });
  const lines = marks.map(
    ({ name, ms }, at) =>
      `<line class="mark" x1="${x(ms).toFixed(1)}" x2="${x(ms).toFixed(1)}" y1="${top - 8}" y2="${bottom}"/>` +
      `<text x="${(x(ms) - 5).toFixed(1)}" y="${top - 4 + 14 * at}" text-anchor="end">${name}</text>`,
  );
  return svg(height, 'Propagation in milliseconds', [
    ...bars,
    ...lines,
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}"/>`,
    ...ticks(last).map(
      (ms) =>
        `<text x="${x(ms).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${ms} ms</text>`,
    ),
    `<text x="${LEFT - 10}" y="${top + 4}" text-anchor="end">${most}</text>`,
    `<text x="${LEFT - 10}" y="${bottom}" text-anchor="end">0</text>`,
  ]);
}

/** What was broken when, a line for each kind; and when reads were wrong. */
export function timeAxis(
  faults: readonly HappenedFault[],
  violationsAtMs: readonly number[],
  runMs: number,
): Svg {
  const kinds = [...new Set(faults.map(({ kind }) => kind))].toSorted();
  const rows = [...kinds, ...(violationsAtMs.length > 0 ? ['violation'] : [])];
  const height = 24 * Math.max(1, rows.length) + 40;
  const x = (ms: number): number => LEFT + (ms / Math.max(1, runMs)) * (WIDTH - LEFT - RIGHT);
  const y = (row: number): number => 8 + 24 * row;
  const names = rows.map(
    (name, row) => `<text x="${LEFT - 10}" y="${y(row) + 13}" text-anchor="end">${name}</text>`,
  );
  const marks = faults.map(({ kind, fromMs, toMs, detail }) => {
    const wide = Math.max(4, x(toMs) - x(fromMs));
    return `<rect class="fault" x="${x(fromMs).toFixed(1)}" y="${y(kinds.indexOf(kind))}" width="${wide.toFixed(1)}" height="16" rx="2"><title>${escaped(kind)}, ${Math.round(fromMs)} ms: ${escaped(detail)}</title></rect>`;
  });
  const wrong = violationsAtMs.map(
    (ms) =>
      `<rect class="wrong" x="${x(ms).toFixed(1)}" y="${y(kinds.length)}" width="3" height="16"><title>${Math.round(ms)} ms</title></rect>`,
  );
  const bottom = height - 26;
  return svg(height, 'Faults over the time of the run', [
    ...names,
    ...marks,
    ...wrong,
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}"/>`,
    ...ticks(runMs / 1000).map(
      (seconds) =>
        `<text x="${x(seconds * 1000).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${seconds} s</text>`,
    ),
  ]);
}

/** Text as it stands in HTML. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function svg(height: number, label: string, parts: readonly string[]): Svg {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${parts.join('')}</svg>`;
}

/** Round numbers from 0 up to `last`, about six of them. */
function ticks(last: number): number[] {
  const rough = last / 6;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((by) => by * power).find((by) => by >= rough) ?? power;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, at) => at * step);
}
