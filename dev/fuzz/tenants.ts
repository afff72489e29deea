import { sha256 } from '../launcher/credential.ts';

/** A tenant of the run, and what must not be seen by others. */
export interface FuzzTenant {
  readonly id: string;
  readonly hosts: readonly [string, ...string[]];
  /** Members of its entry besides `id`, `hosts` and `origin`. */
  readonly policy: Readonly<Record<string, unknown>>;
  /** In everything that its origin says. */
  readonly secret: string;
  /** In every tag and group that its origin names. */
  readonly tag: string;
  /** A bearer token that is good for it, and for it alone. */
  readonly token: string;
  /** Whether clients may be told its tags. */
  readonly exposesTags: boolean;
}

/** The same in every run: a case that was kept names them. */
export const ADMIN_HOST = 'admin.fuzz.test';

interface Kind {
  readonly id: string;
  readonly policy: Readonly<Record<string, unknown>>;
}

const KINDS: readonly Kind[] = [
  { id: 'plain', policy: {} },
  {
    id: 'strict',
    policy: {
      ttl: { max: '5s' },
      stale: { ifUnreachable: 0 },
      negativeTtl: { '404': '2s', '503': '1s' },
      query: { allow: ['a', 'b', 'q'] },
      vary: { allow: ['accept-language', 'x-flavour'] },
      cookies: { allow: ['session'] },
      requestHeaders: ['x-flavour', 'x-app-version'],
      responseHeaders: { 'x-content-type-options': 'nosniff' },
      maxBodyBytes: '1MiB',
      maxVariants: 8,
      paths: [
        { path: '/clean/private*', cache: 'bypass' },
        { path: '/b/plain/*', ttl: { default: '10s', min: '1s' } },
      ],
    },
  },
  {
    id: 'loose',
    policy: {
      setCookie: 'store',
      requestDirectives: 'honour',
      exposeTags: true,
      stale: { whileRevalidate: '1s', ifError: '10s' },
      negativeTtl: { '404': '1s', '500': '1s', '502': '1s' },
      paths: [{ path: '/*.css', ttl: { default: '2s' } }],
    },
  },
];

export const TENANTS: readonly FuzzTenant[] = KINDS.map(({ id, policy }) => ({
  id,
  hosts: [`${id}.fuzz.test`, `www.${id}.fuzz.test`],
  policy,
  secret: `secret-${sha256(`secret of ${id}`).slice(0, 16)}`,
  tag: `tag-${sha256(`tag of ${id}`).slice(0, 16)}`,
  token: `token-${sha256(`token of ${id}`)}`,
  exposesTags: policy['exposeTags'] === true,
}));

/** The variables of a Worker that serves them. @param originOf where each one's origin is */
export function tenantVariables(originOf: (tenant: FuzzTenant) => string): Record<string, string> {
  const scopes = ['purge', 'inspect', 'inspect:value', 'stats'];
  return {
    ADMIN_HOST,
    TENANTS: JSON.stringify(
      TENANTS.map((tenant) => ({
        ...tenant.policy,
        id: tenant.id,
        hosts: tenant.hosts,
        origin: originOf(tenant),
      })),
    ),
    CREDENTIALS: JSON.stringify(
      TENANTS.map(({ id, token }) => ({ id, sha256: sha256(token), tenant: id, scopes })),
    ),
  };
}
