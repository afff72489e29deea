import type { EntryDraft } from '../codec/entry.ts';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import { formatDuration, parseDuration } from './durations.ts';
import type { Keeping, ValueOptions } from './options.ts';

/** The times of an entry. */
export type EntryTimes = Pick<
  EntryDraft,
  'freshUntil' | 'staleUntil' | 'staleIfErrorUntil' | 'expiresAt' | 'lifeUntil'
>;

const YEAR_MS = 365 * 86_400_000;

/**
 * The times of a value that is made at `now`. Nothing ends past the absolute life.
 * @param negative true for `null`
 * @param random from 0 to 1, for the jitter
 */
export function timesOf(
  keeping: Keeping,
  negative: boolean,
  now: number,
  random: number,
): EntryTimes {
  const lifeUntil = now + keeping.maxLifeMs;
  const ttl = (negative ? keeping.negativeTtlMs : keeping.ttlMs) * (1 - keeping.jitter * random);
  const within = (time: number): number => Math.min(time, lifeUntil);
  const freshUntil = within(now + Math.round(ttl));
  const staleUntil = within(freshUntil + keeping.staleWhileRevalidateMs);
  const staleIfErrorUntil = within(freshUntil + keeping.staleIfErrorMs);
  return {
    freshUntil,
    staleUntil,
    staleIfErrorUntil,
    expiresAt: Math.max(freshUntil, staleUntil, staleIfErrorUntil),
    lifeUntil,
  };
}

/**
 * What a call says of one value, over what its namespace says. A ttl that is said holds for `null` as well.
 * Throws {@link ConfigError} with every problem.
 */
export function withOptions(keeping: Keeping, options: ValueOptions): Keeping {
  const problems: ConfigProblem[] = [];
  const read = (field: keyof ValueOptions): number | undefined => {
    const value = options[field];
    if (value === undefined) return undefined;
    const ms = parseDuration(value);
    if (ms !== undefined && ms <= YEAR_MS) return ms;
    const said = typeof value === 'string' ? `'${value.slice(0, 40)}'` : String(value);
    problems.push({
      field,
      message: `is ${said}, must be a duration from 0 to ${formatDuration(YEAR_MS)} (milliseconds, or a whole number with ms, s, m, h or d)`,
    });
    return undefined;
  };
  const ttl = read('ttl');
  const staleWhileRevalidate = read('staleWhileRevalidate');
  const staleIfError = read('staleIfError');
  const maxLife = read('maxLife');
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    ...keeping,
    ttlMs: ttl ?? keeping.ttlMs,
    negativeTtlMs: ttl ?? keeping.negativeTtlMs,
    staleWhileRevalidateMs: staleWhileRevalidate ?? keeping.staleWhileRevalidateMs,
    staleIfErrorMs: staleIfError ?? keeping.staleIfErrorMs,
    maxLifeMs: Math.min(maxLife ?? keeping.maxLifeMs, keeping.maxLifeMs),
  };
}
