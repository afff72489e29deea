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
      readonly stored: boolean;
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

function formatForward({ fwd, stored, detail }: CacheStatus & { hit: false }): string {
  let member = `${NAME}; fwd=${fwd}`;
  if (stored) member += '; stored';
  if (detail !== undefined) member += `; detail=${detail}`;
  return member;
}
