import type { CACHING_FIELDS } from './cache-policy.ts';
import type { Fields } from './policy-fields.ts';
import type { quotas } from './quotas.ts';

/** The fields of an object by their places in it: of a group each of its own. */
type Places<Own extends Fields> = {
  [Name in keyof Own & string]: Own[Name] extends { readonly fields: infer Inner }
    ? `${Name}.${keyof Inner & string}`
    : Name;
}[keyof Own & string];

/** What a tenant may say of caching, by its place. */
export type CachingPlace = Places<typeof CACHING_FIELDS>;

/** What a tenant may use, by its place. */
export type QuotaPlace = Places<{ readonly quotas: typeof quotas }>;

/** What a tenant is, by its place. */
export type OwnPlace = 'id' | 'hosts' | 'origin' | 'warm.base' | 'warm.paths' | 'rules' | 'paths';

/** What the reference says of each field of a tenant; apart from the fields, so that no bundle carries it. */
export const TENANT_DESCRIPTIONS: Readonly<Record<OwnPlace | CachingPlace | QuotaPlace, string>> = {
  id: 'part of every key. Another id is another tenant, with nothing stored',
  hosts: 'where readers ask; each belongs to one tenant',
  origin:
    'where the tenant’s own server is, and a path in front of every path if there is one; not a tenant’s own host, or the Worker would ask itself',
  'warm.base': 'how readers address the tenant, part of every key; on one of its hosts',
  'warm.paths': 'what the [cron trigger](../operations/deploy.md) asks for, in order of importance',
  rules:
    'what domain events purge: [rules in the configuration](../guide/invalidation.md#rules-in-the-configuration)',
  paths: 'a policy of their own for some paths, see [below](#path-rules)',
  cache:
    '`bypass`: nothing is stored, and nothing is served from a store. The path of a rule that says so fits in any letter case',
  'ttl.default':
    'how long a response is fresh that says nothing of it, in place of a guess. Of the statuses 200, 203, 204, 300, 301 and 308, and only where a guess would be made: not in answer to a request with `Cookie` or `Authorization`, nor of another type than the path’s extension says, nor under an ambiguous path',
  'ttl.min':
    'raises what is shorter. Never an error, and never what is 0, `no-cache`, `no-store`, `private`, or has to be validated at once',
  'ttl.max': 'lowers what is longer; `CACHE_MAX_TTL` bounds it besides',
  'browserTtl.default': 'what clients are told, where the response tells them nothing',
  'browserTtl.min':
    'raises what they are told. Never 0, `no-store`, `private` and `no-cache`, and never an error. A browser’s time counts from delivery wherever `browserTtl` changes it',
  'browserTtl.max': 'lowers what they are told',
  'stale.whileRevalidate':
    'how long past its time a response is served while it is refreshed, where it does not say so by `stale-while-revalidate`',
  'stale.ifError':
    'how long past its time it is served when the origin answers with a failure, where it does not say so by `stale-if-error`',
  'stale.ifUnreachable': 'how long past its time it is served when the origin can’t be reached',
  'stale.max': 'the most of these three, whoever says it',
  'stale.keep': 'how long it is kept past every use, to be validated',
  negativeTtl:
    'how long an error is fresh that says nothing of it, by status: `{ "404": "30s" }`. Only in answer to a request with nothing but what ordinary clients send. 0: not stored',
  query:
    'query parameters that count; those that do not are in no key, and no origin is sent them by GET or HEAD. Compared decoded, in their case; what remains stays byte for byte',
  vary: 'request headers by which responses may vary. `allow`: one that varies by another is not stored. `drop`: no origin is sent them, and `Vary` does not count them; `x-forwarded-for` is always sent, and counts',
  cookies: 'cookies of a GET or HEAD that the origin is sent',
  requestHeaders:
    '`pass`: the origin is sent [all that is not taken away](http-api.md#what-the-origin-is-sent). A list: what ordinary clients send, and those',
  setCookie:
    '`store`: a response that sets a cookie is stored with it, and everybody is served the same cookie: only for cookies that say nothing of a person. `refuse`: it is stored only where it names the field itself (`private="set-cookie"`, `no-cache="set-cookie"`), and then without it',
  requestDirectives:
    '`honour`: clients may ask past the store by `Cache-Control: no-cache`, `max-age`, `min-fresh` and `max-stale`, and by `Pragma: no-cache`. Anybody can send them, and each costs the origin a request. `only-if-cached` and `no-store` count for every tenant',
  exposeTags:
    '`true`: clients are told `Cache-Tag`, `Cache-Groups` and `Cache-Group-Invalidation`, which are [for caches only](http-api.md#tags-and-groups)',
  responseHeaders:
    'headers of every answer of the origin or out of a store, in place of its own of that name. Not those that say what the response is, such as `Content-Type`, `Cache-Control`, `Set-Cookie`, `Location`',
  maxBodyBytes: 'larger bodies are passed on and not stored; `CACHE_MAX_ENTRY_BYTES` bounds it',
  maxVariants: 'the most variants of one URL; the one stored longest ago makes room',
  'quotas.loadsPerSecond':
    'GETs and HEADs that its origin is sent, a second and isolate, background ones included; a burst may be twice that. Above it what is stale is served, else 503',
  'quotas.purgesPerSecond':
    'purges and batches of events that are accepted, a second and isolate; a burst may be twice that. Above it 429',
};
