import { OriginError } from '../errors.ts';

/** Statuses that count as an error of the origin (RFC 5861, section 4). */
const FAILURES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** True for a status in whose place a stale response may be served. */
export function isOriginFailure(status: number): boolean {
  return FAILURES.has(status);
}

/** The origin can't be reached, and what is stored may not be served without it (RFC 9111, section 5.2.2.2). */
export class CutOff extends OriginError {
  constructor(last: OriginError) {
    super(last.code, last.message, { cause: last });
  }
}

/** The origin answered, and its answer is a failure. */
export class OriginFailure extends OriginError {
  readonly status: number;

  constructor(status: number) {
    super('origin_failed', `The origin answered with the status ${status}.`);
    this.status = status;
  }
}
