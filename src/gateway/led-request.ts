import type { Announcement } from './flight.ts';
import type { OriginFailure } from './origin-failure.ts';
import type { Missing } from './status.ts';

/** One request to the origin, and who is told of it. */
export interface Lead {
  readonly missing: Missing;
  /** When the authority was asked. */
  readonly askedAt: number;
  /** Tells those who wait what the head of the answer means for them. */
  readonly announce: (announcement: Announcement) => void;
  /** What may be served in place of a status that is a failure; undefined when nothing may. */
  readonly insteadOf: (error: OriginFailure) => Promise<Response | undefined>;
  /** Nobody waits for this one, and its answer is for its client alone: its conditions go along. */
  readonly alone: boolean;
}
