import { formatString, isList } from './structured-fields.ts';

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

interface Told {
  /** What else is worth knowing (section 2.8). */
  readonly detail?: string;
  /** The key it is stored under (section 2.7): for those only who may inspect, it tells an attacker what to poison. */
  readonly key?: string;
}

/** What this cache did with a request (RFC 9211, section 2). */
export type CacheStatus =
  | (Told & {
      readonly hit: true;
      /** Seconds of freshness that are left; negative when there are none (section 2.4). */
      readonly ttl: number;
    })
  | (Told & {
      readonly hit: false;
      readonly fwd: ForwardReason;
      /** What the request that went forward was answered with, when something else is served (section 2.3). */
      readonly fwdStatus?: number;
      readonly stored: boolean;
      /** It waited for another's request forward in place of one of its own (section 2.6). */
      readonly collapsed?: boolean;
      /** Of what is served out of a store although the request went forward; negative when that is stale. */
      readonly ttl?: number;
    });

const NAME = 'Tiercel';
const TOKEN = /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/;

/**
 * The `Cache-Status` field value (RFC 9211, section 2): what caches nearer to the origin said, then our own member. A
 * `detail` that is no Token is sent as a String. What others said is left as it is, or out when it is no List: behind it
 * nobody could read ours (RFC 9651, section 4.2).
 */
export function formatCacheStatus(status: CacheStatus, upstream: string | null): string {
  let member = status.hit ? `${NAME}; hit` : formatForward(status);
  if (status.ttl !== undefined) member += `; ttl=${status.ttl}`;
  if (status.key !== undefined) member += `; key=${formatString(status.key)}`;
  const { detail } = status;
  if (detail !== undefined)
    member += `; detail=${TOKEN.test(detail) ? detail : formatString(detail)}`;
  const others = upstream?.trim();
  return others && isList(others) ? `${others}, ${member}` : member;
}

function formatForward({
  fwd,
  fwdStatus,
  stored,
  collapsed,
}: Extract<CacheStatus, { hit: false }>): string {
  let member = `${NAME}; fwd=${fwd}`;
  if (fwdStatus !== undefined) member += `; fwd-status=${fwdStatus}`;
  if (stored) member += '; stored';
  if (collapsed) member += '; collapsed';
  return member;
}
