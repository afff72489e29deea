import { schema } from './kinds.ts';
import type { Field } from './policy-fields.ts';
import { policyTime } from './policy-times.ts';
import { shown } from './shown.ts';

/** Errors that are the same for everybody who asks for the resource. */
const STATUSES: readonly number[] = [404, 410, 451, 500, 502, 503, 504];

const allowed = `an object of times by status: each of ${STATUSES.join(', ')} may have ${policyTime.allowed}`;

/** `negativeTtl`: seconds by status. */
export const negativeTtl: Field<ReadonlyMap<number, number>> = {
  allowed,
  option: schema((value, refuse) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      refuse(`is ${shown(value)}, must be ${allowed}`);
      return undefined;
    }
    const times = new Map<number, number>();
    for (const [name, given] of Object.entries(value)) {
      const problem = statusFault(name);
      if (problem !== undefined) {
        refuse(problem.message, problem.path);
        continue;
      }
      const time = policyTime.option.safeParse(given);
      if (time.success) times.set(Number(name), time.data);
      else for (const { message } of time.error.issues) refuse(message, [name]);
    }
    return times;
  }),
};

function statusFault(name: string): { message: string; path: string[] } | undefined {
  // What is no status is not repeated: it may be anything.
  if (!/^[1-5]\d\d$/.test(name))
    return { message: 'has a member that is no status of three digits', path: [] };
  if (STATUSES.includes(Number(name))) return undefined;
  const list = `only ${STATUSES.join(', ')} may have a time`;
  const message =
    name < '400'
      ? `is no error, ${list}: the others have the ttl`
      : `is an answer to the one request and not for everybody who asks for the resource, ${list}`;
  return { message, path: [name] };
}
