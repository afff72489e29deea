/** What a warming run did with one path. */
export interface WarmedPath {
  readonly tenant: string;
  readonly path: string;
  /**
   * `hit`: was there, fresh; `stored`, also in place of what was stale; `stale`: what was there is stale, and the origin has
   * brought nothing in its place; `not_stored`: the origin's answer may not be; `failed`.
   */
  readonly outcome: 'hit' | 'stored' | 'stale' | 'not_stored' | 'failed';
  /** HTTP status of the answer; undefined when there was none. */
  readonly status?: number;
}

/** What a warming run did. */
export interface WarmReport {
  /** When the trigger was due, ISO 8601. */
  readonly scheduledAt: string;
  readonly durationMs: number;
  /** Outgoing requests, counted from above, and how many were allowed. */
  readonly requests: number;
  readonly budget: number;
  readonly paths: readonly WarmedPath[];
  /** Paths of any tenant that were not asked for, because the budget could have been passed. */
  readonly skipped: number;
}
