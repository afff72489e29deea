const BYTES = { B: 1, KB: 1000, KiB: 1024, MB: 1_000_000, MiB: 1_048_576 } as const;

/** Units of a size: `KB` and `MB` are powers of 1000, `KiB` and `MiB` of 1024. */
export type SizeUnit = keyof typeof BYTES;

/** Bytes, or a whole number and one unit: `1000`, `'16MiB'`, `'1MB'`. */
export type Size = number | `${number}${SizeUnit}`;

/** Bytes of a size. Undefined for what is none: negative, with a fraction, with a space, with another unit. */
export function parseSize(size: unknown): number | undefined {
  if (typeof size === 'number') return whole(size);
  if (typeof size !== 'string') return undefined;
  const [, digits, unit = 'B'] = /^(\d+)(B|KB|KiB|MB|MiB)?$/.exec(size) ?? [];
  return digits === undefined ? undefined : whole(Number(digits) * BYTES[unit as SizeUnit]);
}

/** The size in the largest unit that leaves a whole number. What {@link parseSize} reads back. */
export function formatSize(bytes: number): string {
  const units: readonly SizeUnit[] = ['MiB', 'MB', 'KiB', 'KB'];
  const unit = (bytes > 0 && units.find((name) => bytes % BYTES[name] === 0)) || 'B';
  return `${bytes / BYTES[unit]}${unit}`;
}

function whole(bytes: number): number | undefined {
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}
