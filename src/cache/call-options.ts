import type { LeasePolicy, ReadPolicy } from '../engine/policy.ts';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import { formatDuration, parseDuration } from './durations.ts';
import { valueTags } from './keys.ts';
import type { Keeping, ReadOptions, ValueOptions } from './options.ts';

const YEAR_MS = 365 * 86_400_000;
const LONGEST_WAIT_MS = 5 * 60_000;

const VALUE_OPTIONS = ['ttl', 'staleWhileRevalidate', 'staleIfError', 'maxLife', 'tags'] as const;
const READ_OPTIONS = [
  ...VALUE_OPTIONS,
  'fresh',
  'softTimeout',
  'hardTimeout',
  'throttle',
  'lease',
] as const;

const SUBJECT = 'The options of the call have';

/** The names of the options of a call. */
export const OPTION_NAMES = {
  value: new Set<string>(VALUE_OPTIONS),
  read: new Set<string>(READ_OPTIONS),
  set: new Set<string>([...VALUE_OPTIONS, 'stamp']),
  get: new Set<string>(['stale']),
  purge: new Set<string>(['mode']),
  invalidate: new Set<string>(['id']),
  touch: new Set<string>(['ttl', 'staleWhileRevalidate', 'staleIfError']),
} as const;

/**
 * Checks the options of a call, also of callers without types, before anything is done. Throws {@link ConfigError} with
 * every problem, and `InvalidKey` for tags.
 */
export function checkOptions(options: unknown, known: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null)
    throw new ConfigError([{ field: 'options', message: 'must be an object' }], SUBJECT);
  const problems: ConfigProblem[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (!known.has(name)) problems.push({ field: name.slice(0, 40), message: 'is no option here' });
    else if (value !== undefined) check(name, value, problems);
  }
  if (problems.length > 0) throw new ConfigError(problems, SUBJECT);
}

/** How a value is kept: what a call says, over what its namespace says. A ttl that is said holds for `null` as well. */
export function keepingWith(keeping: Keeping, options: ValueOptions): Keeping {
  const { ttl, staleWhileRevalidate, staleIfError, maxLife } = options;
  return {
    ...keeping,
    ttlMs: parseDuration(ttl) ?? keeping.ttlMs,
    negativeTtlMs: parseDuration(ttl) ?? keeping.negativeTtlMs,
    staleWhileRevalidateMs: parseDuration(staleWhileRevalidate) ?? keeping.staleWhileRevalidateMs,
    staleIfErrorMs: parseDuration(staleIfError) ?? keeping.staleIfErrorMs,
    maxLifeMs: Math.min(parseDuration(maxLife) ?? keeping.maxLifeMs, keeping.maxLifeMs),
  };
}

/** How a key is read through: what a call says, over what its namespace says. */
export function policyWith(
  policy: ReadPolicy,
  leases: LeasePolicy,
  { softTimeout, hardTimeout, throttle, lease }: ReadOptions,
): ReadPolicy {
  const hardTimeoutMs = parseDuration(hardTimeout) ?? policy.hardTimeoutMs;
  const wanted = lease === undefined ? policy.lease !== undefined : lease;
  return {
    ...policy,
    softTimeoutMs: softTimeout === undefined ? policy.softTimeoutMs : parseDuration(softTimeout),
    hardTimeoutMs,
    throttleMs: parseDuration(throttle) ?? policy.throttleMs,
    lease: !wanted
      ? undefined
      : hardTimeout === undefined
        ? leases
        : leaseFor(leases, hardTimeoutMs),
  };
}

/** What a load longer than this makes is not stored anyway, in milliseconds. */
const LONGEST_LEASE_MS = 25_000;

/** A lease lasts as long as its load may, and nobody waits longer for one than for a load. */
function leaseFor({ ttlMs, waitMs }: LeasePolicy, hardTimeoutMs: number): LeasePolicy {
  return {
    ttlMs: Math.max(ttlMs, Math.min(hardTimeoutMs, LONGEST_LEASE_MS)),
    waitMs: Math.min(waitMs, hardTimeoutMs),
  };
}

function check(name: string, value: unknown, problems: ConfigProblem[]): void {
  switch (name) {
    case 'tags':
      valueTags(value);
      return;
    case 'fresh':
    case 'stale':
    case 'lease':
      if (typeof value !== 'boolean')
        problems.push({ field: name, message: `is ${said(value)}, must be true or false` });
      return;
    case 'mode':
      if (value !== 'hard' && value !== 'soft')
        problems.push({ field: name, message: `is ${said(value)}, must be 'hard' or 'soft'` });
      return;
    case 'id':
      if (typeof value !== 'string' || value === '' || value.length > 256)
        problems.push({ field: name, message: 'must be a text of 1 to 256 characters' });
      return;
    case 'stamp':
      if (!isStamp(value))
        problems.push({ field: name, message: 'must be what stamp() resolved with' });
      return;
    case 'softTimeout':
      if (value !== false) checkDuration(name, value, LONGEST_WAIT_MS, problems);
      return;
    case 'hardTimeout':
    case 'throttle':
      checkDuration(name, value, LONGEST_WAIT_MS, problems);
      return;
    default:
      checkDuration(name, value, YEAR_MS, problems);
  }
}

function checkDuration(
  name: string,
  value: unknown,
  most: number,
  problems: ConfigProblem[],
): void {
  const ms = parseDuration(value);
  if (ms !== undefined && ms <= most) return;
  problems.push({
    field: name,
    message: `is ${said(value)}, must be a duration from 0 to ${formatDuration(most)} (milliseconds, or a whole number with ms, s, m, h or d)`,
  });
}

function said(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`;
  return typeof value === 'number' ? String(value) : `a ${typeof value}`;
}

function isStamp(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'epoch' in value &&
    typeof value.epoch === 'string' &&
    'asOf' in value &&
    Number.isSafeInteger(value.asOf)
  );
}
