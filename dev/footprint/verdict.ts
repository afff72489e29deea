import type { Measured } from './measure.ts';

/** What is allowed. */
export interface Limits {
  /** Memory above idle, in MB of a million bytes. */
  readonly limitMb: number;
  /** The client's first byte after the origin's, in milliseconds. */
  readonly firstByteMs: number;
}

/** What is over a limit or came other than it was made; one sentence each. */
export function faults(measured: readonly Measured[], limits: Limits): string[] {
  return measured.flatMap((one) => {
    const name = `${one.form}, ${one.reader} reader`;
    const found: string[] = [];
    if (one.above > limits.limitMb * 1e6)
      found.push(
        `${name}: ${megabytes(one.above)} MB above idle, ${limits.limitMb} MB are allowed.`,
      );
    if (one.firstByteMs === undefined) found.push(`${name}: not a byte came.`);
    else if (one.firstByteMs > limits.firstByteMs)
      found.push(
        `${name}: the first byte came ${one.firstByteMs.toFixed(1)} ms after the origin's, ${limits.firstByteMs} ms are allowed.`,
      );
    if (!one.same)
      found.push(
        `${name}: ${one.received} bytes came (status ${one.status}), which are not what the origin made.`,
      );
    return found;
  });
}

const COLUMNS = [
  'Body',
  'Reader',
  'Idle MB',
  'Peak MB',
  'Above',
  'First byte ms',
  'Got MB',
  'Made MB',
  'Same',
  's',
] as const;

/** For a terminal. */
export function table(measured: readonly Measured[]): string {
  const rows = measured.map((one) => [
    one.form,
    one.reader,
    megabytes(one.idle),
    megabytes(one.peak),
    megabytes(one.above),
    one.firstByteMs?.toFixed(1) ?? 'none',
    megabytes(one.received),
    megabytes(one.made),
    one.same ? 'yes' : 'NO',
    one.seconds.toFixed(1),
  ]);
  const widths = COLUMNS.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  return [[...COLUMNS], ...rows]
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
