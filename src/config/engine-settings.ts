import type { ConfigProblem } from '../errors.ts';
import {
  PRESET_NAMES,
  type EngineSettings,
  type NamespaceDefaults,
  type RedisConfig,
} from './config.ts';
import { choice } from './kinds.ts';
import { DEFAULT_PRESET, PRESETS, type Preset, type PresetValues } from './presets.ts';
import { check } from './problems.ts';
import { SETTING_IDS, setting, type Kept, type Said, type SettingId } from './settings.ts';
import { settleTimes, type TimesSaid } from './times.ts';

/** Work after a response ends at 30 seconds: what a longer load makes could not be relied on to be stored. */
export const MAX_LOAD_MS = 25_000;

/** The presets by name. */
export const presetKind = choice(PRESET_NAMES);

/** How a door calls its settings, and what it was given. */
export interface Door {
  readonly kind: 'option' | 'variable';
  readonly preset: { readonly name: string; readonly value: unknown };
  readonly name: (id: SettingId) => string;
  /** Undefined for what was not given. */
  readonly value: (id: SettingId) => unknown;
}

/** What a door was given, read setting by setting. */
export interface Reading {
  readonly said: Said;
  /** Given, but not usable: has its problem already. */
  readonly broken: ReadonlySet<SettingId>;
}

/** Reads every setting that was given. */
export function readSettings(door: Omit<Door, 'preset'>, problems: ConfigProblem[]): Reading {
  const said: Partial<Record<SettingId, unknown>> = {};
  const broken = new Set<SettingId>();
  for (const id of SETTING_IDS) {
    const value = door.value(id);
    if (value === undefined) continue;
    said[id] = check(setting(id).kind[door.kind], value, door.name(id), problems);
    if (said[id] === undefined) broken.add(id);
  }
  return { said: said as Said, broken };
}

/**
 * Reads a door's settings and completes them from the preset. Every problem is added to `problems`; the answer is
 * usable only if there are none.
 */
export function resolveEngine(door: Door, problems: ConfigProblem[]): EngineSettings {
  const named =
    door.preset.value === undefined
      ? DEFAULT_PRESET
      : check(presetKind[door.kind], door.preset.value, door.preset.name, problems);
  const preset = named === undefined ? UNKNOWN : PRESETS[named];
  const { said, broken } = readSettings(door, problems);
  const kept = <Id extends keyof PresetValues>(id: Id): Kept<Id> =>
    said[id] ?? ofPreset(preset, id);
  const refuse = (id: SettingId, message: string): void => {
    problems.push({ field: door.name(id), message });
  };

  const redis = resolveRedis({ said, broken }, preset, refuse);
  if (said.regional === true && !redis.used)
    refuse('regional', 'must be off without Redis: what a data centre keeps could not be purged');
  const undecided = said.encryptionKeys === undefined && !broken.has('encryptionKeys');
  if (redis.used && preset.encryption === 'required' && undecided)
    refuse(
      'encryptionKeys',
      `is missing; this preset encrypts what it stores: ${door.kind === 'option' ? '[{ id, secret }], the secret made by `openssl rand -base64 32`, or false' : '`id:` and what `openssl rand -base64 32` makes, or off'} to store in clear on purpose`,
    );
  const maxLifetimeMs = kept('maxTtl');
  return {
    preset: named ?? DEFAULT_PRESET,
    enabled: kept('enabled'),
    keyPrefix: kept('keyPrefix'),
    keyVersion: kept('keyVersion'),
    redis: redis.config,
    regional: redis.used && kept('regional'),
    coherenceMs: kept('coherenceMs'),
    maxUnverifiedMs: kept('maxUnverifiedMs'),
    memoryBytes: kept('memoryBytes'),
    maxEntryBytes: kept('maxEntryBytes'),
    maxLifetimeMs,
    maxLoadMs: MAX_LOAD_MS,
    compressionThreshold: kept('compressionThreshold') || undefined,
    encryptionKeys: kept('encryptionKeys'),
    logLevel: kept('logLevel'),
    defaults: settleTimes(
      { ...said, ttl: said.defaultTtl },
      presetTimes(preset),
      { life: { ms: maxLifetimeMs, name: door.name('maxTtl') }, maxLoadMs: MAX_LOAD_MS },
      {
        refuse: (name, message) => refuse(settingOf(name), message),
        name: (name) => door.name(settingOf(name)),
      },
    ),
  };
}

const settingOf = (name: keyof TimesSaid): SettingId => (name === 'ttl' ? 'defaultTtl' : name);

/** Stands in for a preset that there is not, so that everything else is checked: it asks for nothing. */
const UNKNOWN: Preset = { ...PRESETS[DEFAULT_PRESET], redis: 'configured', encryption: 'optional' };

/** A preset's value of a setting, as it is kept. */
export function ofPreset<Id extends keyof PresetValues>(preset: Preset, id: Id): Kept<Id> {
  return setting(id).kind.option.parse(preset.values[id]) as Kept<Id>;
}

function presetTimes(preset: Preset): NamespaceDefaults {
  const of = <Id extends keyof PresetValues>(id: Id): Kept<Id> => ofPreset(preset, id);
  return {
    ttlMs: of('defaultTtl'),
    staleWhileRevalidateMs: of('staleWhileRevalidate'),
    staleIfErrorMs: of('staleIfError'),
    negativeTtlMs: of('negativeTtl'),
    jitter: of('jitter'),
    earlyRefresh: of('earlyRefresh'),
    softTimeoutMs: of('softTimeout') || undefined,
    hardTimeoutMs: of('hardTimeout'),
    throttleMs: of('throttle'),
    lease: of('lease'),
    leaseMs: of('leaseMs'),
    leaseWaitMs: of('leaseWait'),
  };
}

function resolveRedis(
  { said, broken }: Reading,
  preset: Preset,
  refuse: (id: SettingId, message: string) => void,
): { readonly used: boolean; readonly config: RedisConfig | undefined } {
  const need = said.redisNeed ?? 'optional';
  const given = (id: 'redisUrl' | 'redisToken'): boolean =>
    said[id] !== undefined || broken.has(id);
  if (preset.redis === 'none' && need === 'required')
    refuse('redisNeed', 'must not be required: this preset has no Redis');
  const wanted = preset.redis === 'needed' || need === 'required';
  const used =
    preset.redis !== 'none' &&
    need !== 'off' &&
    (wanted || given('redisUrl') || given('redisToken'));
  if (!used) return { used: false, config: undefined };
  if (!given('redisUrl'))
    refuse('redisUrl', 'is missing; this preset needs Redis (the preset minimal does not)');
  if (!given('redisToken')) refuse('redisToken', 'is missing; it is a secret');
  const { redisUrl: url, redisToken: token } = said;
  if (url === undefined || token === undefined) return { used, config: undefined };
  const timeoutMs = said.redisTimeout ?? ofPreset(preset, 'redisTimeout');
  return { used, config: { url, token, timeoutMs, need } };
}
