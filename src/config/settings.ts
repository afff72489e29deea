import type * as z from 'zod';
import { KEY_PREFIX } from '../tenant/key.ts';
import { LOG_LEVELS } from './config.ts';
import { encryptionKeys } from './encryption-keys.ts';
import { choice, duration, factor, flag, orOff, size, text, whole, type Kind } from './kinds.ts';
import { redisToken, redisUrl } from './redis-access.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MEBIBYTE = 1_048_576;
const YEAR = 365 * DAY;

/** A setting that both doors have: an option of the library, and a variable. */
export interface Setting<Out = unknown, In = unknown> {
  readonly variable: string;
  /** Path of the option, where it is not the setting's own name. */
  readonly option?: string;
  readonly kind: Kind<Out, In>;
  /** No message and no page says its value. */
  readonly secret?: true;
}

/** A life of an entry, or a part of it. Nothing lives longer than a year. */
export const life = duration(0, YEAR);

/** Every setting of the engine: what it is called at each door, what it may be, in which unit. */
export const SETTINGS = {
  enabled: { variable: 'CACHE_ENABLED', kind: flag() },
  keyPrefix: {
    variable: 'CACHE_KEY_PREFIX',
    kind: text(KEY_PREFIX, '1 to 16 characters of a-z, 0-9 and -'),
  },
  keyVersion: { variable: 'CACHE_VERSION', kind: whole(1, 1_000_000) },
  defaultTtl: { variable: 'CACHE_DEFAULT_TTL', kind: life },
  maxTtl: { variable: 'CACHE_MAX_TTL', kind: duration(SECOND, YEAR) },
  staleWhileRevalidate: { variable: 'CACHE_STALE_WHILE_REVALIDATE', kind: life },
  staleIfError: { variable: 'CACHE_STALE_IF_ERROR', kind: life },
  negativeTtl: { variable: 'CACHE_NEGATIVE_TTL', kind: life },
  jitter: { variable: 'CACHE_JITTER', kind: factor(1) },
  earlyRefresh: { variable: 'CACHE_EARLY_REFRESH', kind: factor(10) },
  softTimeout: { variable: 'CACHE_SOFT_TIMEOUT', kind: orOff(duration(1, 5 * MINUTE)) },
  hardTimeout: { variable: 'CACHE_HARD_TIMEOUT', kind: duration(1, 5 * MINUTE) },
  throttle: { variable: 'CACHE_THROTTLE', kind: duration(0, HOUR) },
  lease: { variable: 'CACHE_LEASE', kind: flag() },
  leaseMs: { variable: 'CACHE_LEASE_MS', kind: duration(100, MINUTE) },
  leaseWait: { variable: 'CACHE_LEASE_WAIT', kind: duration(0, MINUTE) },
  coherenceMs: { variable: 'CACHE_COHERENCE_MS', kind: duration(0, HOUR) },
  maxUnverifiedMs: { variable: 'CACHE_MAX_UNVERIFIED_MS', kind: duration(0, DAY) },
  memoryBytes: { variable: 'CACHE_MEMORY_BYTES', kind: size(MEBIBYTE, 96 * MEBIBYTE) },
  maxEntryBytes: { variable: 'CACHE_MAX_ENTRY_BYTES', kind: size(1, 7 * MEBIBYTE) },
  regional: { variable: 'CACHE_REGIONAL', kind: flag() },
  compressionThreshold: {
    variable: 'CACHE_COMPRESSION_THRESHOLD',
    kind: orOff(size(1, 7 * MEBIBYTE)),
  },
  encryptionKeys: { variable: 'CACHE_ENCRYPTION_KEYS', kind: encryptionKeys, secret: true },
  logLevel: { variable: 'CACHE_LOG_LEVEL', kind: choice(LOG_LEVELS) },
  redisUrl: {
    variable: 'UPSTASH_REDIS_REST_URL',
    option: 'redis.url',
    kind: redisUrl,
    secret: true,
  },
  redisToken: {
    variable: 'UPSTASH_REDIS_REST_TOKEN',
    option: 'redis.token',
    kind: redisToken,
    secret: true,
  },
  redisNeed: {
    variable: 'CACHE_REDIS',
    option: 'redis.need',
    kind: choice(['optional', 'required', 'off']),
  },
  redisTimeout: {
    variable: 'CACHE_REDIS_TIMEOUT_MS',
    option: 'redis.timeout',
    kind: duration(1, 30 * SECOND),
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingId = keyof typeof SETTINGS;

/** How a setting may be given as an option. */
export type Given<Id extends SettingId> = z.input<(typeof SETTINGS)[Id]['kind']['option']>;

/** How a setting is kept: milliseconds, bytes, `false` for off. */
export type Kept<Id extends SettingId> = z.output<(typeof SETTINGS)[Id]['kind']['option']>;

/** What was set, whatever the door. */
export type Said = { readonly [Id in SettingId]?: Kept<Id> };

/** The setting of this name, without what only its own type knows. */
export const setting = (id: SettingId): Setting => SETTINGS[id];

export const SETTING_IDS = Object.keys(SETTINGS) as readonly SettingId[];

/** The name of a setting among the options. */
export const optionName = (id: SettingId): string => setting(id).option ?? id;

/** The name of a setting among the variables. */
export const variableName = (id: SettingId): string => SETTINGS[id].variable;
