import { AuthorityUnavailable, OriginError } from '../errors.ts';
import { problemResponse } from '../http/problem.ts';
import { originError, type Sink } from '../telemetry/events.ts';
import { RetryLater } from './backoff.ts';
import { OverQuota } from './load-quota.ts';
import { CutOff } from './origin-failure.ts';

/** What a client is told of a failure: of the origin 502 or 504 (too slow, or needed to validate what is stored), of a required authority or a tenant's quota 503. Other errors are thrown on. */
export function failureResponse(error: unknown, tenant: string, sink: Sink): Response {
  // Reported where it was found out.
  if (error instanceof OverQuota)
    return problemResponse({
      status: 503,
      title: 'Service Unavailable',
      code: error.code,
      detail: error.message,
      extra: { retryable: true },
      headers: { 'retry-after': '1' },
    });
  if (error instanceof OriginError) {
    sink(originError(tenant, error.code, error));
    const timedOut =
      error.code === 'origin_timeout' ||
      error instanceof CutOff ||
      (error instanceof RetryLater && error.cutOff);
    return problemResponse({
      status: timedOut ? 504 : 502,
      title: timedOut ? 'Gateway Timeout' : 'Bad Gateway',
      code: error.code,
      detail: error.message,
      ...(error instanceof RetryLater
        ? { headers: { 'retry-after': String(Math.ceil(error.afterMs / 1000)) } }
        : {}),
    });
  }
  if (error instanceof AuthorityUnavailable) {
    return problemResponse({
      status: 503,
      title: 'Service Unavailable',
      code: error.code,
      detail: 'The store that orders purges does not answer, and the configuration requires it.',
      extra: { retryable: true },
      headers: { 'retry-after': '1' },
    });
  }
  throw error;
}
