import type { FrameFault } from '../errors.ts';

/** Everything that is reported, one constructor each. Events carry no value, token or header of a request. */
export type TelemetryEvent =
  | {
      readonly type: 'hit';
      readonly tenant: string;
      readonly tier: string;
      readonly verified: boolean;
    }
  | { readonly type: 'miss'; readonly tenant: string; readonly reason: MissReason }
  | { readonly type: 'store'; readonly tenant: string; readonly bytes: number }
  | { readonly type: 'store_dropped'; readonly tenant: string; readonly reason: string }
  | { readonly type: 'purge'; readonly tenant: string; readonly targets: number }
  | { readonly type: 'purge_failed'; readonly tenant: string; readonly message: string }
  | { readonly type: 'purge_abandoned'; readonly tenant: string; readonly targets: number }
  | { readonly type: 'bypass'; readonly tenant: string; readonly reason: string }
  | {
      readonly type: 'frame_invalid';
      readonly tenant: string;
      readonly tier: string;
      readonly fault: FrameFault;
    }
  | {
      readonly type: 'tier_error';
      readonly tenant: string;
      readonly tier: string;
      readonly message: string;
    }
  | {
      readonly type: 'origin_error';
      readonly tenant: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: 'epoch_changed'; readonly tenant: string; readonly epoch: string }
  | { readonly type: 'warmed'; readonly tenant: string; readonly outcome: string };

/** Why no stored entry was used. */
export type MissReason = 'absent' | 'expired' | 'purged' | 'stale' | 'unavailable';

/** Where events go. Must not throw and must not wait. */
export type Sink = (event: TelemetryEvent) => void;

export const hit = (tenant: string, tier: string, verified: boolean): TelemetryEvent => ({
  type: 'hit',
  tenant,
  tier,
  verified,
});
export const miss = (tenant: string, reason: MissReason): TelemetryEvent => ({
  type: 'miss',
  tenant,
  reason,
});
export const store = (tenant: string, bytes: number): TelemetryEvent => ({
  type: 'store',
  tenant,
  bytes,
});
export const storeDropped = (tenant: string, reason: string): TelemetryEvent => ({
  type: 'store_dropped',
  tenant,
  reason,
});
export const purge = (tenant: string, targets: number): TelemetryEvent => ({
  type: 'purge',
  tenant,
  targets,
});
export const purgeFailed = (tenant: string, error: unknown): TelemetryEvent => ({
  type: 'purge_failed',
  tenant,
  message: describe(error),
});
export const purgeAbandoned = (tenant: string, targets: number): TelemetryEvent => ({
  type: 'purge_abandoned',
  tenant,
  targets,
});
export const bypass = (tenant: string, reason: string): TelemetryEvent => ({
  type: 'bypass',
  tenant,
  reason,
});
export const frameInvalid = (tenant: string, tier: string, fault: FrameFault): TelemetryEvent => ({
  type: 'frame_invalid',
  tenant,
  tier,
  fault,
});
export const tierError = (tenant: string, tier: string, error: unknown): TelemetryEvent => ({
  type: 'tier_error',
  tenant,
  tier,
  message: describe(error),
});
export const originError = (tenant: string, code: string, error: unknown): TelemetryEvent => ({
  type: 'origin_error',
  tenant,
  code,
  message: describe(error),
});
export const epochChanged = (tenant: string, epoch: string): TelemetryEvent => ({
  type: 'epoch_changed',
  tenant,
  epoch,
});
export const warmed = (tenant: string, outcome: string): TelemetryEvent => ({
  type: 'warmed',
  tenant,
  outcome,
});

// Some clients put the whole command, value included, into the message of an error.
const MAX_MESSAGE = 200;

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}...` : text;
}
