import * as z from 'zod';
import { encodeNamedKey, resourceKey, treeKey } from '../gateway/request-key.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import type { KeyInput } from '../tenant/segments.ts';
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
const segment = z.string().max(4096);
const named = z.union([text, z.array(segment).min(1).max(128)], {
  error: 'must be a key, or a list of its segments',
});
const beginsAsKeysDo = (input: KeyInput): boolean =>
  OWNERS.has((typeof input === 'string' ? input.split(':') : input)[0] ?? '');
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
  for (const item of keys) targets.add(keyTarget(encodeNamedKey(item)));
  for (const item of tags) targets.add(tagTarget(item));
  if (all) targets.add(TENANT_TARGET);
  urls.forEach((item, at) => {
    const url = ownUrl(item, tenant);
    if (typeof url === 'string') problems.push(`urls.${at}: ${url}`);
    else targets.add(prefixTarget(resourceKey(url)));
  });
  prefixes.forEach((item, at) => {
    if (!isUrl(item)) {
      targets.add(prefixTarget(encodeNamedKey(item)));
      return;
    }
    const url = ownUrl(item, tenant);
    if (typeof url === 'string') problems.push(`prefixes.${at}: ${url}`);
    else if (url.search !== '')
      problems.push(`prefixes.${at}: must not have a query; purge the URL instead`);
    else targets.add(prefixTarget(treeKey(url)));
  });
  if (problems.length === 0 && targets.size === 0)
    problems.push('body: must name at least one of keys, urls, tags, prefixes, all');
  if (targets.size > MAX_TARGETS)
    problems.push(`body: names ${targets.size} targets; ${MAX_TARGETS} are allowed`);
  return problems.length > 0 ? { problems } : { targets: [...targets], mode };
}

/** A URL on one of the tenant's hosts, or what is wrong with it. */
function ownUrl(item: string, tenant: TenantPolicy): URL | string {
  if (!URL.canParse(item)) return 'must be an absolute URL';
  const url = new URL(item);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'must begin with https:// or http://';
  if (!tenant.hosts.includes(url.hostname)) return `'${url.hostname}' is not a host of this tenant`;
  return url;
}

function isUrl(input: KeyInput): input is string {
  return typeof input === 'string' && /^https?:\/\//i.test(input);
}
