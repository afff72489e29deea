import { HttpProblem } from './problems.ts';
import { objectWith } from './request-body.ts';

/** What goes wrong with requests whose path begins with `path`. */
export interface Fault {
  /** `/` means every path. Where several begin the same request's path, the longest counts. */
  readonly path: string;
  /** Wait before anything else, in milliseconds: 0 to 60,000. */
  readonly latencyMs?: number;
  /** Answer this instead: 400 to 599. */
  readonly status?: number;
  /** Drop the connection without an answer. */
  readonly reset?: boolean;
  /** Requests it is still for; without it, until it is cleared. */
  readonly times?: number;
}

export interface Faults {
  /** Replaces the fault that has the same path. */
  set(fault: Fault): void;
  /** The fault for this request, counted as used. */
  take(path: string): Fault | undefined;
  list(): readonly Fault[];
  clear(): void;
}

export function createFaults(): Faults {
  const byPath = new Map<string, Fault>();
  return {
    set(fault) {
      byPath.set(fault.path, fault);
    },
    take(path) {
      const [fault] = [...byPath.values()]
        .filter((candidate) => path.startsWith(candidate.path))
        .toSorted((a, b) => b.path.length - a.path.length);
      if (fault?.times !== undefined) {
        if (fault.times > 1) byPath.set(fault.path, { ...fault, times: fault.times - 1 });
        else byPath.delete(fault.path);
      }
      return fault;
    },
    list: () => [...byPath.values()],
    clear() {
      byPath.clear();
    },
  };
}

const fields = ['path', 'latencyMs', 'status', 'reset', 'times'];

/** @throws HttpProblem 400 */
export function parseFault(body: unknown): Fault {
  const { path = '/', latencyMs, status, reset, times } = objectWith(body, fields);
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw new HttpProblem(400, `path must be text that begins with /, not ${show(path)}.`);
  }
  if (reset !== undefined && typeof reset !== 'boolean') {
    throw new HttpProblem(400, `reset must be true or false, not ${show(reset)}.`);
  }
  const fault: Fault = {
    path,
    ...integerField('latencyMs', latencyMs, 0, 60_000),
    ...integerField('status', status, 400, 599),
    ...(reset !== undefined && { reset }),
    ...integerField('times', times, 1, 1_000_000),
  };
  if (fault.latencyMs === undefined && fault.status === undefined && fault.reset !== true) {
    throw new HttpProblem(400, 'A fault needs latencyMs, status or "reset": true.');
  }
  return fault;
}

function integerField<Name extends 'latencyMs' | 'status' | 'times'>(
  name: Name,
  value: unknown,
  min: number,
  max: number,
): { [Field in Name]?: number } {
  if (value === undefined) return {};
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new HttpProblem(
      400,
      `${name} must be an integer from ${min} to ${max}, not ${show(value)}.`,
    );
  }
  return { [name]: value } as { [Field in Name]?: number };
}

function show(value: unknown): string {
  return JSON.stringify(value);
}
