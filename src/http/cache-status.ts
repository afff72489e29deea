/** Why a request went forward (RFC 9211, section 2.2). */
export type ForwardReason =
  | 'bypass'
  | 'method'
  | 'uri-miss'
  | 'vary-miss'
  | 'miss'
  | 'request'
  | 'stale'
  | 'partial';

/** What this cache did with a request (RFC 9211, section 2). `detail` must be a Token. */
export type CacheStatus =
  | { readonly hit: true; readonly ttl: number; readonly detail: string }
  | {
      readonly hit: false;
      readonly fwd: ForwardReason;
      /** What the request that went forward was answered with, when something else is served (section 2.3). */
      readonly fwdStatus?: number;
      readonly stored: boolean;
      /** Of what is served out of a store although the request went forward; negative. */
      readonly ttl?: number;
      readonly detail?: string;
    };

const NAME = 'Tiercel';

/**
 * The `Cache-Status` field value: what caches nearer to the origin said, then our own member. The `key` parameter is
 * never sent: it tells an attacker what to poison.
 */
export function formatCacheStatus(status: CacheStatus, upstream: string | null): string {
  const member = status.hit
    ? `${NAME}; hit; ttl=${status.ttl}; detail=${status.detail}`
    : formatForward(status);
  return upstream ? `${upstream}, ${member}` : member;
}

function formatForward({
  fwd,
  fwdStatus,
  stored,
  ttl,
  detail,
}: CacheStatus & { hit: false }): string {
  let member = `${NAME}; fwd=${fwd}`;
  if (fwdStatus !== undefined) member += `; fwd-status=${fwdStatus}`;
  if (stored) member += '; stored';
  if (ttl !== undefined) member += `; ttl=${ttl}`;
  if (detail !== undefined) member += `; detail=${detail}`;
  return member;
}
