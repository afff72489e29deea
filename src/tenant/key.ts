import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { InvalidKey } from '../errors.ts';
import { decodeSegment } from './segments.ts';
import { isTenantId, type TenantId } from './tenant-id.ts';

/** The longest name that a store is given, in bytes. Names are ASCII. */
export const MAX_NAME_BYTES = 512;

/** An entry's key in one deployment's key space. */
export interface CacheKey {
  readonly tenant: TenantId;
  /** The whole encoded key behind the tenant: what marks match. */
  readonly key: string;
  /** `{prefix}:v{version}:t:{tenant}:{key}`, whole: what checksum and encryption are bound to. */
  readonly fullName: string;
  /** What stores file it under: `fullName`, or a readable head and a SHA-256 of the whole when that is over 512 bytes. */
  readonly name: string;
}

/** The query of a gateway key: its segment is marked by a `?` that no encoded text holds. */
export interface QuerySegment {
  readonly query: string;
}

/** What a stored name says. `key` is undefined for a shortened name and for internal records. */
export interface ParsedName {
  readonly prefix: string;
  readonly version: number;
  readonly tenant: TenantId;
  readonly segments: readonly (string | QuerySegment)[] | undefined;
  /** `~ledger` and the like. */
  readonly record: string | undefined;
}

/** Form of a key prefix. */
export const KEY_PREFIX = /^[a-z0-9-]{1,16}$/;

const encoder = new TextEncoder();

/**
 * Builds every name of one deployment. Raising `version` abandons all that was stored under the lower one.
 * Names are injective over (prefix, version, tenant, segments): a segment can't hold the separator, and an internal
 * record begins with `~`, which no encoded segment holds.
 */
export class KeySpace {
  readonly prefix: string;
  readonly version: number;

  constructor(prefix: string, version: number) {
    if (!KEY_PREFIX.test(prefix))
      throw new InvalidKey(
        `The key prefix '${prefix}' must be 1 to 16 characters of a-z, 0-9 and -.`,
      );
    if (!Number.isSafeInteger(version) || version < 1)
      throw new InvalidKey(`The key version ${version} must be a positive integer.`);
    this.prefix = prefix;
    this.version = version;
  }

  /** The key of an entry. `key` is encoded already ({@link encodeKey} or the gateway's request key). */
  key(tenant: TenantId, key: string): CacheKey {
    const fullName = `${this.prefix}:v${this.version}:t:${tenant}:${key}`;
    return { tenant, key, fullName, name: shorten(fullName) };
  }

  /** The record of which tenants' ledgers have changed. */
  get heads(): string {
    return `${this.prefix}:v${this.version}:~heads`;
  }

  /** An internal record of a tenant; `name` goes behind the `~` that keeps it apart from every entry. */
  record(tenant: TenantId, name: string): string {
    return shorten(`${this.prefix}:v${this.version}:t:${tenant}:~${name}`);
  }
}

/** Reads a stored name back. Undefined when it is none of ours. */
export function parseName(name: string): ParsedName | undefined {
  const match = /^([a-z0-9-]{1,16}):v([1-9][0-9]*):t:([a-z0-9_-]+):([^]+)$/.exec(name);
  if (!match) return undefined;
  const [, prefix = '', version = '', tenant = '', rest = ''] = match;
  if (!isTenantId(tenant)) return undefined;
  const base = { prefix, version: Number(version), tenant };
  if (rest.startsWith('~')) return { ...base, segments: undefined, record: rest };
  if (rest.includes('~')) return { ...base, segments: undefined, record: undefined };
  try {
    const segments = rest
      .split(':')
      .map((part) =>
        part.startsWith('?') ? { query: decodeSegment(part.slice(1)) } : decodeSegment(part),
      );
    return { ...base, segments, record: undefined };
  } catch (error) {
    if (error instanceof InvalidKey) return undefined;
    throw error;
  }
}

/** Every prefix of the key that ends on a segment boundary, the key itself included, longest last. */
export function segmentPrefixes(key: string): string[] {
  const prefixes: string[] = [];
  for (let at = key.indexOf(':'); at !== -1; at = key.indexOf(':', at + 1))
    prefixes.push(key.slice(0, at));
  prefixes.push(key);
  return prefixes;
}

function shorten(fullName: string): string {
  if (fullName.length <= MAX_NAME_BYTES) return fullName;
  const digest = bytesToHex(sha256(encoder.encode(fullName)));
  return `${fullName.slice(0, MAX_NAME_BYTES - digest.length - 1)}~${digest}`;
}
