import type { Authority } from '../authority/authority.ts';
import type { Coherence } from '../coherence/coherence.ts';
import type { Sink } from '../telemetry/events.ts';
import type { Tier } from '../tiers/tier.ts';

/** What the engine works with. */
export interface EngineParts {
  readonly authority: Authority;
  readonly coherence: Coherence;
  /** Fastest first. The authority stands behind the last of them. */
  readonly tiers: readonly Tier[];
  readonly sink: Sink;
  /** A read fails, instead of going to the origin, when the authority does not answer. */
  readonly authorityRequired: boolean;
  /** How long a tier outside the isolate may take to answer a read, in milliseconds. */
  readonly tierTimeoutMs: number;
  /** A load that took longer is not stored, in milliseconds: work after a response ends at 30 seconds. */
  readonly maxLoadMs: number;
  /** A larger value is not stored, in bytes. */
  readonly maxEntryBytes: number;
}
