import { problemResponse } from '../http/problem.ts';

/** The host is no tenant's. Not stored by anybody: the tenant may be made a moment later. */
export const unknownTenant = (): Response =>
  problemResponse({
    status: 404,
    title: 'Not Found',
    code: 'unknown_tenant',
    detail: 'No tenant is served under this host name.',
  });

export const unknownRoute = (): Response =>
  problemResponse({
    status: 404,
    title: 'Not Found',
    code: 'unknown_route',
    detail: 'Tiercel has no such route.',
  });

export const unauthenticated = (): Response =>
  problemResponse({
    status: 401,
    title: 'Unauthorized',
    code: 'unauthenticated',
    detail: 'This route needs a bearer token that is known here.',
    headers: { 'www-authenticate': 'Bearer realm="tiercel"' },
  });

export const forbidden = (scope: string): Response =>
  problemResponse({
    status: 403,
    title: 'Forbidden',
    code: 'forbidden',
    detail: `The token may not use the scope '${scope}' on this tenant.`,
  });

export const badRequest = (detail: string, problems: readonly string[] = []): Response =>
  problemResponse({
    status: 400,
    title: 'Bad Request',
    code: 'bad_request',
    detail,
    extra: problems.length > 0 ? { problems } : {},
  });

/** On the admin host, for whoever may know that there is no such tenant. */
export const unnamedTenant = (): Response =>
  badRequest("Name a tenant: '?tenant=' must be the id of one.");

export const tooLarge = (limit: number): Response =>
  problemResponse({
    status: 413,
    title: 'Content Too Large',
    code: 'too_large',
    detail: `The body is larger than ${limit} bytes.`,
  });

/** The tenant's own, or that of every tenant: whoever asks has been authenticated. */
export const tooManyPurges = (): Response =>
  problemResponse({
    status: 429,
    title: 'Too Many Requests',
    code: 'over_quota',
    detail: 'The purges of this moment are used up. Nothing was purged: repeat it.',
    extra: { retryable: true },
    headers: { 'retry-after': '1' },
  });

export const methodNotAllowed = (allow: string): Response =>
  problemResponse({
    status: 405,
    title: 'Method Not Allowed',
    code: 'method_not_allowed',
    detail: `Use ${allow}.`,
    headers: { allow },
  });

export const unavailable = (detail: string): Response =>
  problemResponse({
    status: 503,
    title: 'Service Unavailable',
    code: 'authority_unavailable',
    detail,
    extra: { retryable: true },
    headers: { 'retry-after': '1' },
  });

/** An error that nothing expected. What it says stays in the log: it may name keys or addresses. */
export const internalError = (): Response =>
  problemResponse({
    status: 500,
    title: 'Internal Server Error',
    code: 'internal_error',
    detail: 'The request failed inside the cache.',
  });
