import type { PresetName } from './config.ts';
import type { namespaceFields } from './namespaces.ts';
import type { SettingId } from './settings.ts';
import type { WORKER_SETTINGS } from './worker-settings.ts';

/**
 * What the reference says of each setting; `dev/docs-tables.ts` writes it into docs/reference/configuration.md. Apart
 * from the settings themselves, so that no bundle carries it.
 */
export const DESCRIPTIONS: Readonly<Record<SettingId, string>> = {
  enabled: '`off`: nothing is stored, nothing is served from a store',
  keyPrefix: 'first part of every key',
  keyVersion: 'part of every key: raising it abandons everything that is stored',
  defaultTtl: 'how long a value is fresh where neither its namespace nor its load says so',
  maxTtl: 'the longest life of an entry, stale windows included',
  staleWhileRevalidate: 'how long past freshness a value is served while it is loaded anew',
  staleIfError: 'how long past freshness a value is served when its load fails',
  negativeTtl: 'how long `null` is fresh',
  jitter:
    'share of the ttl by which lives are shortened at random: what is stored together does not end together',
  earlyRefresh:
    '`beta` of XFetch: 1 is the optimum of the paper, more refreshes earlier, 0 not at all',
  softTimeout: 'a load that takes longer goes on behind a stale value, if there is one',
  hardTimeout:
    'a caller waits no longer for a load; more than the soft timeout. What takes longer than 25 s is not stored',
  throttle: 'after a failed load no other is begun for so long while there is a stale value',
  lease: 'one load for all isolates, by a lease in Redis',
  leaseMs:
    'how long a lease holds when its owner does not give it back: as long as a load may take',
  leaseWait:
    'how long others wait for what the owner of the lease loads; at most the life of a lease',
  coherenceMs: 'how long an isolate may serve without asking for purges; 0 asks on every read',
  maxUnverifiedMs: 'how long copies are served, flagged, while Redis does not answer',
  memoryBytes:
    'memory of one isolate: copies, views and bookkeeping. A cron run has views of its own while it lasts, up to a quarter more',
  maxEntryBytes: 'larger values and bodies are passed on and not stored',
  regional: 'whether the data centre’s cache is a tier; needs Redis',
  compressionThreshold: 'values of at least so many bytes are compressed',
  encryptionKeys:
    'AES-256-GCM for everything that leaves the isolate. The first key encrypts, all decrypt: [how to rotate](#encryption-keys)',
  logLevel: 'how much the log says',
  redisUrl: 'Redis over HTTP',
  redisToken: 'its token',
  redisNeed:
    '`required`: an error (503) when Redis does not answer, instead of a load. `off`: none; all promises hold inside one isolate',
  redisTimeout: 'time limit of one request to Redis',
};

/** The same for the settings that the deployed Worker alone has. */
export const WORKER_DESCRIPTIONS: Readonly<
  Record<keyof typeof WORKER_SETTINGS | 'TENANTS' | 'CREDENTIALS' | 'EVENT_SECRETS', string>
> = {
  TENANTS: 'the tenants, see [below](#tenants)',
  CREDENTIALS:
    'who may use the [HTTP API](http-api.md). `sha256`: of the token, in hexadecimal. `tenant`: the id of a tenant, or `*`. `scopes`: `purge`, `stats`, `inspect`, `inspect:value`',
  EVENT_SECRETS:
    'who may send [domain events](http-api.md#domain-events). `secret`: `whsec_` and the base64 of 24 to 64 random bytes. `tenant`: the id of a tenant, or `*`',
  ADMIN_HOST: 'where operators reach every tenant',
  CACHE_ORIGIN_TIMEOUT_MS: 'how long the head of an origin’s answer may take',
  CACHE_PRIVATE_ORIGINS:
    '`refuse`: no tenant’s origin may have an address of this machine, of a private network or of a cloud’s own services, nor a name that only private networks know; neither is such a one asked',
  CACHE_WARM_REQUESTS:
    'the most outgoing requests of one cron run, and of one [verification](../operations/verify.md) (origins, Redis, Cache API)',
};

/** The settings of a namespace that its cache does not have. */
export const NAMESPACE_DESCRIPTIONS: Readonly<
  Record<Exclude<keyof typeof namespaceFields.shape, SettingId>, string>
> = {
  ttl: 'how long a value is fresh',
  maxLife: 'absolute life that no touch can pass; at least the ttl',
  tiers: 'shorter lives of copies, `{ memory, regional }`; 0: not in that tier',
  version: 'part of every key: raising it abandons the namespace’s values',
  sharing: 'what callers get: one frozen value for all, or a copy of their own',
  tags: 'tags of a value, besides those of the call',
  schema:
    'checks values when they are written and when they are read: a stored one that no longer fits is a miss',
  migrate: 'makes a stored value that does not fit the schema fit, or answers `undefined`',
  serializer: 'how values become bytes',
};

/** What each preset is for. */
export const PRESET_PURPOSES: Readonly<Record<PresetName, string>> = {
  disabled: 'no caching at all: to find out whether a fault is the cache’s',
  minimal: 'no Redis; memory only, and all promises hold inside one isolate',
  simple:
    'Redis and memory, as few parts as can be purged everywhere: no regional tier, no compression, no lease',
  development:
    'the local stack: every part is there, Redis may take its time, and what was changed is seen within seconds',
  testing: 'the same every time: no chance, no early or late work, every read asks for purges',
  staging:
    'production’s numbers, for a rehearsal; says more. **Encryption is optional here: without keys what it stores is in clear**',
  production: 'data that users look at: short lives, long help when the source fails, encryption',
  'ai-development': 'as `ai-production`, with shorter lives and a talkative log',
  'ai-production':
    'answers that take seconds and cost money: kept for a day, served stale for a week more, never asked for twice at once',
};

/** Why the presets have the values that they have, where they differ. */
export const REASONS: Readonly<Partial<Record<SettingId, string>>> = {
  defaultTtl:
    'as old as data may look: 10 s where somebody changes it and looks, 5 min for users, a day for an answer that is as good tomorrow',
  staleWhileRevalidate:
    'a reader’s pause: who comes within a minute does not wait. None where it would make a test depend on time, a week where a load costs money',
  staleIfError:
    'longer than a night’s outage where stale is better than nothing, none where a test wants to see the error',
  negativeTtl: 'what was not there may be made at any moment; a test wants no second lifetime',
  jitter: 'a tenth spreads a rush over 30 s of 5 min; none where a person or a test counts seconds',
  earlyRefresh:
    'the optimum of the paper where many isolates share a key; off where loads are counted',
  softTimeout:
    'a second is when a reader notices; 10 s is a slow answer of a model. Off where nobody waits for it, or where a test would race it',
  hardTimeout:
    'a page that takes 10 s has failed; a developer’s debugger needs longer; a model may take a minute, which is not stored but not lost to its reader either',
  throttle:
    'one try in 5 s is enough to notice that a source is back; 30 s where each failed try may be charged; none in tests',
  lease:
    'where several isolates meet on one Redis; it costs one request on a miss, which `simple` saves',
  leaseMs:
    'as long as a load may take, and some: a lease that ends before its load loses what is loaded',
  leaseWait: 'half a slow load; nearly all of one where the alternative is to pay for it twice',
  coherenceMs:
    'speed of a purge against cost: a second is what an editor waits without wondering, 5 s a fifth of the polls for `simple` and for answers that are seldom purged; a test asks every time',
  maxEntryBytes: 'a page; four times that for long answers with their sources',
  regional:
    'saves a request to Redis in data centres with many isolates; left out where copies should be in one place only',
  compressionThreshold:
    'below 1,000 bytes gzip gains less than a packet; none where nothing is sent, or where bytes should stay readable',
  logLevel: 'what somebody would act on; everything while one is looking',
  redisTimeout:
    'Redis answers within a quarter of a second or not at all; a second where it shares a machine with everything else, or where what it saves is worth seconds',
};
