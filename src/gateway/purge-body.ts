import * as z from 'zod';
import { KEY_OWNERS, KEY_OWNERS_FORM } from '../tenant/key-owners.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { encodeKey, type KeyInput } from '../tenant/segments.ts';
import { isTagText } from '../tenant/tag.ts';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  type PurgeMode,
  type Target,
} from '../tenant/target.ts';
import { GROUP_NAME, groupTarget, MAX_GROUP_LENGTH } from './cache-groups.ts';
import { MAX_TAG_LENGTH } from './cache-tags.ts';
import { resourceUrl, treeKey } from './request-key.ts';
import { keysOf } from './stored-key.ts';

/** The most targets of one request. */
const MAX_TARGETS = 1000;
/** The most that its lists may hold, repetitions counted. */
const MAX_ITEMS = 10_000;
/** So many problems are told, and so much of each. */
const MAX_PROBLEMS = 100;
const MAX_PROBLEM_LENGTH = 300;

const MAX_SEGMENTS = 128;
/** Characters of a target, or of one segment of a key. */
const MAX_TEXT = 4096;

/** A text, or a key, as a target is named by it. */
export const targetText = z.string().min(1, 'must not be empty').max(MAX_TEXT);
// In one look: a problem of its own for each segment would cost a hundred times its length in memory.
const segments = z.custom<readonly string[]>(
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_SEGMENTS &&
    value.every((one) => typeof one === 'string' && one.length <= MAX_TEXT),
);
export const targetKey = z.union([targetText, segments], {
  error: 'must be a key, or a list of its segments',
});
const beginsAsKeysDo = (input: KeyInput): boolean => KEY_OWNERS.has(listOf(input)[0] ?? '');
const key = targetKey.refine(beginsAsKeysDo, KEY_OWNERS_FORM);
const prefix = targetKey.refine((value) => isUrl(value) || beginsAsKeysDo(value), KEY_OWNERS_FORM);

const tag = z
  .string()
  .min(1, 'must not be empty')
  .max(MAX_TAG_LENGTH)
  .refine(isTagText, 'must not hold control characters: no entry has such a tag');
const groupName = z
  .string()
  .max(MAX_GROUP_LENGTH)
  .regex(GROUP_NAME, 'must be printable ASCII: no other text names a group');
const group = z.union([groupName, z.strictObject({ origin: targetText, name: groupName })], {
  error: 'must be the name of a group, or its origin and name',
});
const mode = z.enum(['hard', 'soft'], { error: "must be 'hard' or 'soft'" }).default('hard');
const all = z.literal(true, { error: 'must be true, or left out' });

/** Whose targets they are, as far as a purge is judged by it. */
export type TargetOwner = Pick<TenantPolicy, 'hosts' | 'caching' | 'paths'>;

/** The body of a purge. At least one target. */
const body = z.strictObject({
  /** Keys, as text split at `:` or as a list of segments. */
  keys: z.array(key).optional(),
  /** Absolute URLs of this tenant, query included: every variant of the resource. */
  urls: z.array(targetText).optional(),
  tags: z.array(tag).optional(),
  /** Hosts of this tenant, as they stand in a URL, a port included: everything below, under both schemes. */
  hosts: z.array(targetText).optional(),
  /** Groups (RFC 9875): of one origin, or of every origin of this tenant. */
  groups: z.array(group).optional(),
  /** Absolute URLs of this tenant: the path and everything below it. Or key prefixes on a segment boundary. */
  prefixes: z.array(prefix).optional(),
  /** The whole tenant. */
  all: all.optional(),
  mode,
});

/** The body of a purge of every tenant. */
const everything = z.strictObject({ all: z.literal(true, 'must be true'), mode });

export type PurgeBody =
  | { readonly targets: readonly Target[]; readonly mode: PurgeMode }
  | { readonly problems: readonly string[] };

/** Reads the body of a purge: its targets, or everything that is wrong with it. */
export function parsePurgeBody(value: unknown, tenant: TargetOwner): PurgeBody {
  const items = itemsIn(value);
  if (items > MAX_ITEMS) return { problems: [tooMany(items)] };
  const parsed = body.safeParse(value);
  if (!parsed.success) return { problems: problemsOf(parsed.error) };
  const { keys = [], urls = [], tags = [], prefixes = [], hosts = [], groups = [] } = parsed.data;
  const problems: string[] = [];
  const targets = new Set<Target>();
  const add = (place: string, found: readonly Target[] | string): void => {
    if (typeof found === 'string') problems.push(`${place}: ${found}`);
    else for (const target of found) targets.add(target);
  };
  keys.forEach((item, at) => add(`keys.${at}`, keyTargets(item, tenant)));
  urls.forEach((item, at) => add(`urls.${at}`, resourceTargets(item, tenant)));
  prefixes.forEach((item, at) => add(`prefixes.${at}`, prefixTargets(item, tenant)));
  hosts.forEach((item, at) => add(`hosts.${at}`, hostTargets(item, tenant)));
  groups.forEach((item, at) => add(`groups.${at}`, groupTargets(item, tenant)));
  for (const item of tags) targets.add(tagTarget(item));
  if (parsed.data.all) targets.add(TENANT_TARGET);
  if (problems.length === 0 && targets.size === 0) {
    problems.push('body: must name at least one of keys, urls, tags, prefixes, hosts, groups, all');
  }
  if (targets.size > MAX_TARGETS) {
    problems.push(tooMany(targets.size));
  }
  return problems.length > 0
    ? { problems: toldOf(problems) }
    : { targets: [...targets], mode: parsed.data.mode };
}

/** Reads the body of a purge of everything of every tenant: its mode, or everything that is wrong with it. */
export function parseEverythingBody(
  value: unknown,
): { readonly mode: PurgeMode } | { readonly problems: readonly string[] } {
  const parsed = everything.safeParse(value);
  return parsed.success ? { mode: parsed.data.mode } : { problems: problemsOf(parsed.error) };
}

/** How much a body holds, before anything of it is looked at. */
function itemsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>(
    (sum, list) => sum + (Array.isArray(list) ? list.length : 1),
    0,
  );
}

const tooMany = (count: number): string =>
  `body: names ${count} targets; ${MAX_TARGETS} are allowed`;

function problemsOf({ issues }: z.ZodError): readonly string[] {
  return toldOf(
    issues.map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`),
  );
}

/** Whoever sends a list in another form has as many problems as it is long. */
function toldOf(problems: readonly string[]): readonly string[] {
  const told = problems.slice(0, MAX_PROBLEMS).map((one) => one.slice(0, MAX_PROBLEM_LENGTH));
  const more = problems.length - told.length;
  return more > 0 ? [...told, `and ${more} more`] : told;
}

function keyTargets(item: KeyInput, tenant: TargetOwner): readonly Target[] | string {
  const list = listOf(item);
  if (list[0] !== 'g') return [keyTarget(encodeKey(list))];
  const url = gatewayUrl(item, tenant);
  if (typeof url === 'string') return url;
  if (!list.at(-1)?.startsWith('?')) return "must end with the query, '?' for none";
  return keysOf(url, tenant).map(keyTarget);
}

function prefixTargets(item: KeyInput, tenant: TargetOwner): readonly Target[] | string {
  if (isUrl(item)) {
    return item.includes('?')
      ? 'must not have a query; purge the URL instead'
      : urlTargets(item, tenant, (url) => [treeKey(url)]);
  }
  const list = listOf(item);
  if (list[0] !== 'g') return [prefixTarget(encodeKey(list))];
  const url = gatewayUrl(item, tenant);
  if (typeof url === 'string') return url;
  return (list.at(-1)?.startsWith('?') ? keysOf(url, tenant) : [treeKey(url)]).map(prefixTarget);
}

function resourceTargets(item: string, tenant: TargetOwner): readonly Target[] | string {
  return urlTargets(item, tenant, (url) => keysOf(url, tenant));
}

/** A URL stands for its resource under both schemes: they are stored apart, and whoever purges means both. */
function urlTargets(
  item: string,
  tenant: TargetOwner,
  keysBehind: (url: URL) => readonly string[],
): readonly Target[] | string {
  const url = ownUrl(item, tenant);
  if (typeof url === 'string') return url;
  return ['https:', 'http:'].flatMap((scheme) => {
    // By text: a URL forgets a port that is the default of its scheme.
    const other = new URL(url.href.replace(/^https?:/, scheme));
    return keysBehind(other).map(prefixTarget);
  });
}

/** A host is the prefix of everything on it. A port that is the default of one scheme is a port in the other one's keys. */
function hostTargets(item: string, tenant: TargetOwner): readonly Target[] | string {
  if (/[\s/\\?#@]/.test(item)) return 'must be a host, with its port where it has one';
  const targets: Target[] = [];
  for (const scheme of ['https', 'http']) {
    const url = ownUrl(`${scheme}://${item}/`, tenant);
    if (typeof url === 'string') return url;
    targets.push(prefixTarget(treeKey(url)));
  }
  return targets;
}

function groupTargets(
  item: string | { readonly origin: string; readonly name: string },
  tenant: TargetOwner,
): readonly Target[] | string {
  if (typeof item === 'string') return [groupTarget(undefined, item)];
  const url = ownUrl(item.origin, tenant);
  if (typeof url === 'string') return url;
  if (!/^[a-z]+:\/\/[^/\\?#@]+\/?$/i.test(item.origin))
    return 'must have an origin of scheme, host and port alone';
  return [groupTarget(url.origin, item.name)];
}

/**
 * The key of a resource of the gateway as the URL that it stands for: a list of its segments, each spelling normalised as a
 * request's is, or the whole as inspection shows it. Not that of a variant or a part: more than its URL went into that one.
 */
function gatewayUrl(item: KeyInput, tenant: TargetOwner): URL | string {
  if (typeof item === 'string') {
    const shown = resourceUrl(item);
    // What looks like a port may be one that was not encoded: then it would be another resource.
    if (shown && !/^g:[^:]+:[^:]+:[0-9]{1,5}(?::|$)/.test(item)) return ownUrl(shown.href, tenant);
    return "must be a resource's key as inspection shows it, or a list of its segments; a variant's or a part's can't be purged alone: purge the URL, by 'urls'";
  }
  const [, scheme = '', host = '', ...rest] = item;
  const query = rest.at(-1)?.startsWith('?') ? (rest.pop() ?? '') : '';
  if (/[/\\?#@]/.test(host) || rest.some((part) => /[/\\?#]/.test(part)) || query.includes('#')) {
    return 'must have / ? # and the like encoded, as they are in the URL';
  }
  return ownUrl(`${scheme}://${host}/${rest.join('/')}${query}`, tenant);
}

/** A URL on one of the tenant's hosts, or what is wrong with it. */
export function ownUrl(item: string, tenant: TargetOwner): URL | string {
  if (!URL.canParse(item)) return 'must be an absolute URL';
  const url = new URL(item);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return 'must begin with https:// or http://';
  }
  // Not named: the same is told of an event, and must hold nothing of its data.
  if (!tenant.hosts.includes(url.hostname)) return "must be on one of the tenant's own hosts";
  return url;
}

function listOf(input: KeyInput): readonly string[] {
  return typeof input === 'string' ? input.split(':') : input;
}

function isUrl(input: KeyInput): input is string {
  return typeof input === 'string' && /^https?:\/\//i.test(input);
}
