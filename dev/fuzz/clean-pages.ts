import type { FuzzTenant } from './tenants.ts';

/** A page that answers every plain GET alike, whatever others send. */
export interface CleanPage {
  readonly path: string;
  readonly status: number;
  /** Of the origin's answer; in lower case, in any order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly chunked?: boolean;
  /** What a plain request for it says besides its host. */
  readonly asks?: readonly string[];
}

interface Plan {
  readonly path: string;
  readonly status?: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly bytes?: number;
  readonly chunked?: boolean;
  readonly asks?: readonly string[];
}

// Short lives, so that pages are loaded again and again under the attack.
const PLANS: readonly Plan[] = [
  { path: '/clean/page', fields: { 'cache-control': 'public, max-age=1', etag: '"page"' } },
  { path: '/clean/long', fields: { 'cache-control': 'max-age=600', etag: '"long"', tags: 'yes' } },
  {
    path: '/clean/swr',
    fields: { 'cache-control': 'max-age=1, stale-while-revalidate=5', etag: '"swr"' },
  },
  {
    path: '/clean/sie',
    fields: { 'cache-control': 'max-age=1, stale-if-error=60', etag: '"sie"' },
  },
  {
    path: '/clean/style.css',
    fields: { 'content-type': 'text/css', 'cache-control': 's-maxage=2', etag: 'W/"style"' },
  },
  { path: '/clean/query?a=1&b=2', fields: { 'cache-control': 'max-age=2', etag: '"query"' } },
  {
    path: '/clean/vary',
    fields: { 'cache-control': 'max-age=2', etag: '"vary"', vary: 'Accept-Language, X-Flavour' },
    asks: ['Accept-Language: en'],
  },
  { path: '/clean/validated', fields: { 'cache-control': 'no-cache', etag: '"validated"' } },
  {
    path: '/clean/heuristic',
    fields: { 'last-modified': 'Tue, 01 Sep 2026 12:00:00 GMT', etag: '"old"' },
  },
  { path: '/clean/private', fields: { 'cache-control': 'private, max-age=60' } },
  { path: '/clean/no-store', fields: { 'cache-control': 'no-store' } },
  {
    path: '/clean/moved',
    status: 301,
    fields: { 'cache-control': 'max-age=2', location: '/clean/page' },
  },
  { path: '/clean/missing', status: 404, fields: { 'cache-control': 'max-age=2' } },
  {
    path: '/clean/chunked',
    fields: { 'cache-control': 'max-age=2', etag: '"chunked"' },
    chunked: true,
    bytes: 5000,
  },
  {
    path: '/clean/large',
    fields: { 'cache-control': 'max-age=3', etag: '"large"' },
    bytes: 150_000,
  },
  { path: '/clean/', fields: { 'cache-control': 'max-age=1' } },
];

/** The clean pages of a tenant. */
export function cleanPages(tenant: FuzzTenant): readonly CleanPage[] {
  let pages = made.get(tenant);
  if (!pages) {
    pages = PLANS.map((plan) => pageOf(plan, tenant));
    made.set(tenant, pages);
  }
  return pages;
}

const made = new WeakMap<FuzzTenant, readonly CleanPage[]>();

/** The paths of all clean pages. */
export const CLEAN_PATHS: readonly string[] = PLANS.map(({ path }) => path);

function pageOf(
  { path, status = 200, fields, bytes = 200, chunked, asks }: Plan,
  tenant: FuzzTenant,
): CleanPage {
  const { tags, ...own } = fields;
  return {
    path,
    status,
    fields: Object.entries({
      'content-type': 'text/html; charset=utf-8',
      'x-clean': `${tenant.id}:${path}`,
      ...own,
      ...(tags !== undefined && {
        'cache-tag': `${tenant.tag}, ${tenant.tag}-2`,
        'cache-groups': `"${tenant.tag}-group"`,
      }),
    }),
    body: `clean ${tenant.secret} ${tenant.id} ${path}\n`.padEnd(bytes, '.'),
    ...(chunked && { chunked }),
    ...(asks && { asks }),
  };
}
