import * as z from 'zod';
import { resourceKey, treeKey } from '../gateway/request-key.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { encodeKey, type KeyInput } from '../tenant/segments.ts';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  type Target,
} from '../tenant/target.ts';

/** The most targets of one request. */
const MAX_TARGETS = 1000;

/** The first segments that keys have: a purge of any other would be acknowledged and hit nothing. */
const OWNERS: ReadonlySet<string> = new Set(['g', 'e', 'n']);

const text = z.string().min(1, 'must not be empty').max(4096);
const segments = z.array(z.string().max(4096)).min(1).max(128);
const named = z.union([text, segments], { error: 'must be a key, or a list of its segments' });
const beginsAsKeysDo = (input: KeyInput): boolean => OWNERS.has(listOf(input)[0] ?? '');
const OWNERS_MESSAGE =
  "must begin with g (gateway), e (entries of the HTTP API) or n (library's namespaces)";
const key = named.refine(beginsAsKeysDo, OWNERS_MESSAGE);
const prefix = named.refine((value) => isUrl(value) || beginsAsKeysDo(value), OWNERS_MESSAGE);

/** The body of a purge. At least one target. */
const body = z.strictObject({
  /** Keys, as text split at `:` or as a list of segments. */
  keys: z.array(key).optional(),
  /** Absolute URLs of this tenant, query included: every variant of the resource. */
  urls: z.array(text).optional(),
  tags: z.array(z.string().min(1, 'must not be empty').max(256)).optional(),
  /** Absolute URLs of this tenant: the path and everything below it. Or key prefixes on a segment boundary. */
  prefixes: z.array(prefix).optional(),
  /** The whole tenant. */
  all: z.literal(true, { error: 'must be true, or left out' }).optional(),
  mode: z.literal('hard', { error: "must be 'hard'" }).default('hard'),
});

export type PurgeBody =
  | { readonly targets: readonly Target[]; readonly mode: 'hard' }
  | { readonly problems: readonly string[] };

/** Reads the body of a purge: its targets, or everything that is wrong with it. */
export function parsePurgeBody(value: unknown, tenant: TenantPolicy): PurgeBody {
  const parsed = body.safeParse(value);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map(
        (issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`,
      ),
    };
  }
  const { keys = [], urls = [], tags = [], prefixes = [], all, mode } = parsed.data;
  const problems: string[] = [];
  const targets = new Set<Target>();
  const add = (place: string, found: readonly Target[] | string): void => {
    if (typeof found === 'string') problems.push(`${place}: ${found}`);
    else for (const target of found) targets.add(target);
  };
  keys.forEach((item, at) => add(`keys.${at}`, keyTargets(item, tenant)));
  urls.forEach((item, at) => add(`urls.${at}`, urlTargets(item, tenant, resourceKey)));
  prefixes.forEach((item, at) => add(`prefixes.${at}`, prefixTargets(item, tenant)));
  for (const tag of tags) targets.add(tagTarget(tag));
  if (all) targets.add(TENANT_TARGET);
  if (problems.length === 0 && targets.size === 0) {
    problems.push('body: must name at least one of keys, urls, tags, prefixes, all');
  }
  if (targets.size > MAX_TARGETS) {
    problems.push(`body: names ${targets.size} targets; ${MAX_TARGETS} are allowed`);
  }
  return problems.length > 0 ? { problems } : { targets: [...targets], mode };
}

function keyTargets(item: KeyInput, tenant: TenantPolicy): readonly Target[] | string {
  const list = listOf(item);
  if (list[0] !== 'g') return [keyTarget(encodeKey(list))];
  const url = gatewayUrl(item, tenant);
  if (typeof url === 'string') return url;
  if (!list.at(-1)?.startsWith('?')) return "must end with the query, '?' for none";
  return [keyTarget(resourceKey(url))];
}

function prefixTargets(item: KeyInput, tenant: TenantPolicy): readonly Target[] | string {
  if (isUrl(item)) {
    return item.includes('?')
      ? 'must not have a query; purge the URL instead'
      : urlTargets(item, tenant, treeKey);
  }
  const list = listOf(item);
  if (list[0] !== 'g') return [prefixTarget(encodeKey(list))];
  const url = gatewayUrl(item, tenant);
  if (typeof url === 'string') return url;
  return [prefixTarget(list.at(-1)?.startsWith('?') ? resourceKey(url) : treeKey(url))];
}

/** A URL stands for its resource under both schemes: they are stored apart, and whoever purges means both. */
function urlTargets(
  item: string,
  tenant: TenantPolicy,
  keyOf: (url: URL) => string,
): readonly Target[] | string {
  const url = ownUrl(item, tenant);
  if (typeof url === 'string') return url;
  return ['https:', 'http:'].map((scheme) => {
    // By text: a URL forgets a port that is the default of its scheme.
    const other = new URL(url.href.replace(/^https?:/, scheme));
    return prefixTarget(keyOf(other));
  });
}

/** A gateway key as the URL that it stands for, so that each spelling is normalised as a request's is. */
function gatewayUrl(item: KeyInput, tenant: TenantPolicy): URL | string {
  if (typeof item === 'string') return 'must be a list of segments: a host may hold the separator';
  const [, scheme = '', host = '', ...rest] = item;
  const query = rest.at(-1)?.startsWith('?') ? (rest.pop() ?? '') : '';
  if (/[/\\?#@]/.test(host) || rest.some((part) => /[/\\?#]/.test(part)) || query.includes('#')) {
    return 'must have / ? # and the like encoded, as they are in the URL';
  }
  return ownUrl(`${scheme}://${host}/${rest.join('/')}${query}`, tenant);
}

/** A URL on one of the tenant's hosts, or what is wrong with it. */
function ownUrl(item: string, tenant: TenantPolicy): URL | string {
  if (!URL.canParse(item)) return 'must be an absolute URL';
  const url = new URL(item);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return 'must begin with https:// or http://';
  }
  if (!tenant.hosts.includes(url.hostname)) {
    return `'${url.hostname}' is not a host of this tenant`;
  }
  return url;
}

function listOf(input: KeyInput): readonly string[] {
  return typeof input === 'string' ? input.split(':') : input;
}

function isUrl(input: KeyInput): input is string {
  return typeof input === 'string' && /^https?:\/\//i.test(input);
}
