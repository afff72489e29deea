import { ownUrl } from '../gateway/purge-body.ts';
import { isUsableKey, urlBehind } from '../gateway/request-key.ts';
import { storedKey } from '../gateway/stored-key.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { KEY_OWNERS } from '../tenant/key-owners.ts';
import { decodeSegment, encodeKey } from '../tenant/segments.ts';
import { InvalidKey } from '../errors.ts';

/** The most keys of one verification, and how many it takes when nobody says. */
const MAX_SAMPLE = 200;
const DEFAULT_SAMPLE = 20;

export type Query<T> = T | { readonly problem: string };

/** What one entry's inspection is about. */
export interface InspectQuery {
  /** Encoded. */
  readonly key: string;
  /** The values are asked for as well. */
  readonly value: boolean;
}

/** Reads `?key=` or `?url=`, and `?value=`. */
export function parseInspectQuery(
  query: URLSearchParams,
  tenant: TenantPolicy,
): Query<InspectQuery> {
  const unknown = unknownIn(query, ['key', 'url', 'value']);
  if (unknown !== undefined) return { problem: unknown };
  const [key, url] = [query.get('key'), query.get('url')];
  if ((key === null) === (url === null))
    return { problem: "Name one entry: either '?key=' or '?url='." };
  const value = flag(query, 'value', false);
  if (typeof value !== 'boolean') return value;
  const named = key === null ? ofUrl(url ?? '', tenant) : ofKey(key, tenant);
  return typeof named === 'string' ? { key: named, value } : named;
}

export interface VerifyQuery {
  readonly sample: number;
  readonly origin: boolean;
}

/** Reads `?sample=` and `?origin=`. */
export function parseVerifyQuery(query: URLSearchParams): Query<VerifyQuery> {
  const unknown = unknownIn(query, ['sample', 'origin']);
  if (unknown !== undefined) return { problem: unknown };
  const text = query.get('sample') ?? String(DEFAULT_SAMPLE);
  const sample = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  if (sample < 1 || sample > MAX_SAMPLE)
    return { problem: `'?sample=' must be a whole number from 1 to ${MAX_SAMPLE}.` };
  const origin = flag(query, 'origin', true);
  return typeof origin === 'boolean' ? { sample, origin } : origin;
}

/**
 * A key as it is shown, its segments encoded; or text that stands for itself, split at `:`, as a purge takes it. A gateway
 * key is made of a URL by more than splitting: only as it is shown.
 */
function ofKey(text: string, { hosts }: TenantPolicy): Query<string> {
  const [owner = ''] = text.split(':', 1);
  if (!KEY_OWNERS.has(owner) || !text.includes(':'))
    return {
      problem:
        "'?key=' must begin with g: (gateway), e: (entries of the HTTP API) or n: (library's namespaces).",
    };
  if (owner !== 'g') return usable(isEncoded(text) ? text : encodeKey(text), 'key');
  const url = urlBehind(text);
  if (url && hosts.includes(url.hostname)) return usable(text, 'key');
  return {
    problem:
      "'?key=' must be a key of this tenant's gateway as it is shown, encoded once more as a query is; '?url=' takes its URL.",
  };
}

function ofUrl(text: string, tenant: TenantPolicy): Query<string> {
  const url = ownUrl(text, tenant);
  return typeof url === 'string'
    ? { problem: `'?url=' ${url}.` }
    : usable(storedKey(url, tenant), 'url');
}

function usable(key: string, name: string): Query<string> {
  return isUsableKey(key)
    ? key
    : { problem: `'?${name}=' is too long to be a key: nothing is stored under it.` };
}

function isEncoded(text: string): boolean {
  try {
    for (const part of text.split(':')) decodeSegment(part);
    return true;
  } catch (error) {
    if (error instanceof InvalidKey) return false;
    throw error;
  }
}

function flag(query: URLSearchParams, name: string, otherwise: boolean): Query<boolean> {
  const text = query.get(name);
  if (text === null) return otherwise;
  return text === '1' || text === '0' ? text === '1' : { problem: `'?${name}=' must be 0 or 1.` };
}

function unknownIn(query: URLSearchParams, names: readonly string[]): string | undefined {
  for (const name of new Set(query.keys())) {
    // The admin host's own.
    if (name === 'tenant') continue;
    if (!names.includes(name))
      return `There is no parameter '${name.slice(0, 40)}'; there are ${names.map((one) => `'?${one}='`).join(', ')}. A URL has to be encoded.`;
    if (query.getAll(name).length > 1) return `'?${name}=' is said twice.`;
  }
  return undefined;
}
