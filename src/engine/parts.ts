import type { Authority } from '../authority/authority.ts';
import type { Coherence } from '../coherence/coherence.ts';
import type { SharedCalls } from '../resilience/shared-call.ts';
import type { Sink } from '../telemetry/events.ts';
import type { Tier } from '../tiers/tier.ts';
import type { Failures } from './failures.ts';
import type { Flights } from './flights.ts';
import type { Lookup } from './found.ts';

/** What the engine works with: one set for each isolate and deployment. */
export interface EngineParts {
  /** Guarded: it keeps its own deadline. */
  readonly authority: Authority;
  readonly coherence: Coherence;
  /** Fastest first; those outside the isolate are guarded. The authority stands behind the last of them. */
  readonly tiers: readonly Tier[];
  /** The lookups under way in this isolate: who asks for the same key shares them. */
  readonly lookups: SharedCalls<Lookup>;
  /** The loads under way in this isolate. */
  readonly flights: Flights;
  /** The loads that failed a moment ago in this isolate. */
  readonly failures: Failures;
  readonly sink: Sink;
  /** A read fails, instead of going to the origin, when the authority does not answer. */
  readonly authorityRequired: boolean;
  /** A load that took longer is not stored, in milliseconds: work after a response ends at 30 seconds. */
  readonly maxLoadMs: number;
  /** False: nothing is stored, and every load is its caller's own. */
  readonly enabled: boolean;
  /** A larger value is not stored, in bytes. */
  readonly maxEntryBytes: number;
}
