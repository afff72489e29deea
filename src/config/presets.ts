/** The settings that a preset decides. Every one of them can be overridden by a variable. */
export interface Preset {
  /** Whether Redis has to be configured. */
  readonly redis: boolean;
  readonly redisTimeoutMs: number;
  readonly coherenceMs: number;
  readonly maxUnverifiedMs: number;
}

/**
 * - `minimal`: no Redis; all promises hold inside one isolate.
 * - `development`: the local stack; a patient Redis, and purges that are seen within a second.
 * - `production`: Redis within a quarter of a second or not at all, purges seen within a second everywhere.
 */
export const PRESETS: Readonly<Record<string, Preset>> = {
  minimal: { redis: false, redisTimeoutMs: 250, coherenceMs: 1000, maxUnverifiedMs: 30_000 },
  development: { redis: true, redisTimeoutMs: 1000, coherenceMs: 1000, maxUnverifiedMs: 30_000 },
  production: { redis: true, redisTimeoutMs: 250, coherenceMs: 1000, maxUnverifiedMs: 30_000 },
};

export const DEFAULT_PRESET = 'production';
