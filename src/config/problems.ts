import type * as z from 'zod';
import type { ConfigProblem } from '../errors.ts';

/** The name of a place inside a variable or an option: `TENANTS[0].hosts[1]`, `redis.url`. */
export function place(field: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, part) =>
      typeof part === 'number'
        ? `${name}[${part}]`
        : name === ''
          ? String(part)
          : `${name}.${String(part)}`,
    field,
  );
}

/**
 * Reads a value by a schema; each problem gets the name of its place inside `field`. Undefined when there is one.
 * @param naming whether unknown members are named, as far as they look like names of settings. Default false: what is
 *   pasted into the wrong place may be a secret
 */
export function check<T extends z.ZodType>(
  schema: T,
  value: unknown,
  field: string,
  problems: ConfigProblem[],
  naming = false,
): z.output<T> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const message =
      issue.code === 'unrecognized_keys' ? unknownMembers(naming ? issue.keys : []) : issue.message;
    problems.push({ field: place(field, issue.path), message });
  }
  return undefined;
}

/** What is said of members that should not be there; those are named that look like the name of a setting. */
export function unknownMembers(names: readonly string[] = []): string {
  const told = names.filter((name) => /^[A-Za-z_]{1,24}$/.test(name));
  return [
    'holds members that it does not have',
    ...(told.length > 0 ? [told.join(', ')] : []),
  ].join(': ');
}

/** The name of a member that should not be there: only if it looks like the name of a setting. */
export function memberName(name: string): string {
  return /^\w{1,32}$/.test(name) ? name : '(another name)';
}
