import { HttpProblem } from './problems.ts';

/** The one value of a query parameter. @throws HttpProblem 400 when it is given twice. */
export function parameter(query: URLSearchParams, name: string): string | undefined {
  const [value, second] = query.getAll(name);
  if (second !== undefined) {
    throw new HttpProblem(400, `The parameter "${name}" is given more than once; give it once.`);
  }
  return value;
}

/** An integer in its plain form (no sign, no leading zero) within a range. @throws HttpProblem 400 */
export function integerParameter(
  value: string,
  name: string,
  { min, max }: { min: number; max: number },
): number {
  const number = Number(value);
  if (!/^(0|[1-9]\d*)$/.test(value) || number < min || number > max) {
    const range =
      max === Number.MAX_SAFE_INTEGER
        ? `an integer of at least ${min}`
        : `an integer from ${min} to ${max}`;
    throw new HttpProblem(400, `${name} must be ${range}, not "${value}".`);
  }
  return number;
}

/** How many rows to answer: 1 to 100, 20 unless told. @throws HttpProblem 400 */
export function limitParameter(query: URLSearchParams): number {
  return integerParameter(parameter(query, 'limit') ?? '20', 'limit', { min: 1, max: 100 });
}
