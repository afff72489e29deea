const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Units of a duration: milliseconds, seconds, minutes, hours, days. */
export type DurationUnit = keyof typeof MS;

/** Milliseconds, or a whole number and one unit: `250`, `'250ms'`, `'10m'`, `'30d'`. */
export type Duration = number | `${number}${DurationUnit}`;

/** Milliseconds of a duration. Undefined for what is none: negative, with a fraction, with a space, with two units. */
export function parseDuration(duration: unknown): number | undefined {
  if (typeof duration === 'number') return whole(duration);
  if (typeof duration !== 'string') return undefined;
  const [, digits, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(duration) ?? [];
  return digits === undefined ? undefined : whole(Number(digits) * MS[unit as DurationUnit]);
}

/** The duration in the largest unit that leaves a whole number. What {@link parseDuration} reads back. */
export function formatDuration(ms: number): string {
  const units: readonly DurationUnit[] = ['d', 'h', 'm', 's'];
  const unit = (ms > 0 && units.find((name) => ms % MS[name] === 0)) || 'ms';
  return `${ms / MS[unit]}${unit}`;
}

function whole(ms: number): number | undefined {
  return Number.isSafeInteger(ms) && ms >= 0 ? ms : undefined;
}
