import type { PresetName, PrivateOrigins } from './config.ts';
import type { Given, SettingId } from './settings.ts';

/** A value for every setting, the address of Redis excepted. */
export type PresetValues = {
  readonly [Id in Exclude<SettingId, 'redisUrl' | 'redisToken'>]: Given<Id>;
};

/** The settings that a preset decides. Every one of its values can be overridden. */
export interface Preset {
  /** `none`: it is not used, configured or not. `configured`: it is used if it is configured. `needed`: it has to be, or to be off on purpose. */
  readonly redis: 'none' | 'configured' | 'needed';
  /** Where Redis is used. `required`: keys have to be configured, or to be off on purpose. */
  readonly encryption: 'optional' | 'required';
  /** Of the deployed Worker alone: the library asks no origin. */
  readonly privateOrigins: PrivateOrigins;
  readonly values: PresetValues;
}

export const DEFAULT_PRESET: PresetName = 'production';

/** Without parts that only a deployment of several isolates has. */
const plain: PresetValues = {
  enabled: true,
  keyPrefix: 'tc',
  keyVersion: 1,
  defaultTtl: '1m',
  maxTtl: '30d',
  staleWhileRevalidate: 0,
  staleIfError: '5m',
  negativeTtl: '10s',
  jitter: 0.1,
  earlyRefresh: 0,
  softTimeout: false,
  hardTimeout: '10s',
  throttle: '5s',
  lease: false,
  leaseMs: '15s',
  leaseWait: '5s',
  coherenceMs: '1s',
  maxUnverifiedMs: '30s',
  memoryBytes: '16MiB',
  maxEntryBytes: '1MiB',
  regional: false,
  compressionThreshold: false,
  encryptionKeys: false,
  logLevel: 'warn',
  redisNeed: 'optional',
  redisTimeout: '250ms',
};

/** Every part, and times for data that users look at. */
const full: PresetValues = {
  ...plain,
  defaultTtl: '5m',
  staleWhileRevalidate: '1m',
  staleIfError: '1d',
  negativeTtl: '30s',
  earlyRefresh: 1,
  softTimeout: '1s',
  lease: true,
  regional: true,
  compressionThreshold: 1000,
};

const development: PresetValues = {
  ...full,
  defaultTtl: '10s',
  staleWhileRevalidate: '10s',
  staleIfError: '1m',
  negativeTtl: '5s',
  jitter: 0,
  earlyRefresh: 0,
  softTimeout: false,
  hardTimeout: '20s',
  throttle: '1s',
  leaseMs: '20s',
  logLevel: 'debug',
  redisTimeout: '1s',
};

/** Answers that take seconds and cost money. */
const ai: PresetValues = {
  ...full,
  defaultTtl: '1d',
  staleWhileRevalidate: '7d',
  staleIfError: '7d',
  negativeTtl: '1m',
  softTimeout: '10s',
  hardTimeout: '1m',
  throttle: '30s',
  leaseMs: '30s',
  leaseWait: '25s',
  coherenceMs: '5s',
  maxEntryBytes: '4MiB',
  redisTimeout: '1s',
};

/** What each preset sets. What each is for, and why its values are these: docs/reference/configuration.md. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  disabled: {
    redis: 'none',
    encryption: 'optional',
    privateOrigins: 'allow',
    values: { ...plain, enabled: false },
  },
  minimal: { redis: 'none', encryption: 'optional', privateOrigins: 'allow', values: plain },
  simple: {
    redis: 'needed',
    encryption: 'optional',
    privateOrigins: 'allow',
    values: {
      ...plain,
      defaultTtl: '5m',
      staleIfError: '1h',
      negativeTtl: '30s',
      coherenceMs: '5s',
    },
  },
  development: {
    redis: 'needed',
    encryption: 'optional',
    privateOrigins: 'allow',
    values: development,
  },
  testing: {
    redis: 'configured',
    encryption: 'optional',
    privateOrigins: 'allow',
    values: {
      ...plain,
      staleIfError: 0,
      negativeTtl: '1m',
      jitter: 0,
      throttle: 0,
      coherenceMs: 0,
      compressionThreshold: 1000,
      logLevel: 'error',
      redisTimeout: '1s',
    },
  },
  staging: {
    redis: 'needed',
    encryption: 'optional',
    privateOrigins: 'refuse',
    values: { ...full, logLevel: 'info' },
  },
  production: {
    redis: 'needed',
    encryption: 'required',
    privateOrigins: 'refuse',
    values: full,
  },
  'ai-development': {
    redis: 'needed',
    encryption: 'optional',
    privateOrigins: 'allow',
    values: {
      ...ai,
      defaultTtl: '1h',
      staleWhileRevalidate: '1h',
      staleIfError: '1d',
      jitter: 0,
      earlyRefresh: 0,
      throttle: '5s',
      logLevel: 'debug',
    },
  },
  'ai-production': {
    redis: 'needed',
    encryption: 'required',
    privateOrigins: 'refuse',
    values: ai,
  },
};
