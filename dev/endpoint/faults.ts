/**
 * What is to go wrong. `delayMs` goes with any of the others and comes first. At most one of `reset`,
 * `hang`, `truncate` and `status`/`body` can be given. Only after `delayMs` alone and with `truncate` do
 * the commands run; with the rest Redis never sees them.
 */
export interface Fault {
  /** Waits before anything else, 0 to 600000. */
  readonly delayMs?: number;
  /** Answers with this status, 200 to 599; default 200 where only `body` is given. */
  readonly status?: number;
  /** Answers with this text in place of a JSON error. */
  readonly body?: string;
  /** The type of that answer, default application/json. */
  readonly contentType?: string;
  /** Ends the TCP connection by RST, without an answer. */
  readonly reset?: true;
  /** Never answers. */
  readonly hang?: true;
  /** Runs the commands, then sends the first half of the answer's body and ends the connection. */
  readonly truncate?: true;
  /** Hits this many requests, then none; default: until it is cleared. */
  readonly times?: number;
  /** Hits only requests that contain this command. */
  readonly match?: string;
}

/** Not a fault that can be set. */
export class InvalidFault extends Error {
  override readonly name = 'InvalidFault';
}

const integer =
  (low: number, high: number): ((value: unknown) => string | undefined) =>
  (value) =>
    Number.isInteger(value) && Number(value) >= low && Number(value) <= high
      ? undefined
      : `an integer from ${low} to ${high}`;
const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? undefined : 'a string';
const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty';
const yes = (value: unknown): string | undefined => (value === true ? undefined : 'true');

const fields: Readonly<Record<keyof Fault, (value: unknown) => string | undefined>> = {
  delayMs: integer(0, 600_000),
  status: integer(200, 599),
  body: text,
  contentType: word,
  reset: yes,
  hang: yes,
  truncate: yes,
  times: integer(1, 1_000_000),
  match: word,
};

/**
 * Reads a fault from JSON that was parsed.
 * @throws InvalidFault
 */
export function readFault(value: unknown): Fault {
  if (!isFault(value)) throw new InvalidFault('A fault is a JSON object.');
  const answers = value.status !== undefined || value.body !== undefined;
  const endings = [value.reset, value.hang, value.truncate, answers || undefined];
  const given = endings.filter((ending) => ending !== undefined).length;
  if (given > 1) {
    throw new InvalidFault(
      'A fault has at most one of reset, hang, truncate and an answer (status, body).',
    );
  }
  if (given === 0 && value.delayMs === undefined) {
    throw new InvalidFault('A fault needs one of delayMs, status, body, reset, hang and truncate.');
  }
  return value;
}

function isFault(value: unknown): value is Fault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const [name, given] of Object.entries(value)) {
    const check = Object.hasOwn(fields, name) ? fields[name as keyof Fault] : undefined;
    if (check === undefined) {
      throw new InvalidFault(
        `A fault has no field "${name}", only ${Object.keys(fields).join(', ')}.`,
      );
    }
    const wanted = check(given);
    if (wanted !== undefined) {
      throw new InvalidFault(`"${name}" is ${JSON.stringify(given)}, but must be ${wanted}.`);
    }
  }
  return true;
}

/** The fault that is set, one at a time, and how often it has hit. */
export class Faults {
  #fault: Fault | undefined;
  #hits = 0;

  set(fault: Fault): void {
    this.#fault = fault;
    this.#hits = 0;
  }

  clear(): void {
    this.#fault = undefined;
  }

  /** `hits` counts since the fault was set and outlives it. */
  read(): { readonly fault: Fault | null; readonly hits: number } {
    return { fault: this.#fault ?? null, hits: this.#hits };
  }

  /** The fault that hits a request with these commands (upper-case names), if any. Counts it. */
  take(names: readonly string[]): Fault | undefined {
    const fault = this.#fault;
    if (fault === undefined) return undefined;
    if (fault.match !== undefined && !names.includes(fault.match.toUpperCase())) return undefined;
    this.#hits++;
    if (this.#hits === fault.times) this.clear();
    return fault;
  }
}
