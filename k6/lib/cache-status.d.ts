export interface CacheStatus {
  hit: boolean;
  fwd: string | null;
  stored: boolean;
  detail: string | null;
  tier: string;
}
export function parseCacheStatus(field: string | undefined, cache?: string): CacheStatus | null;
