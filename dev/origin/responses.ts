import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isNotModified } from './conditional.ts';
import { attribution } from './data-set.ts';

/** What goes over the wire. Content-Length is added, and the body left out for HEAD, where it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

/** A cacheable answer before its validators are known. */
export interface Representation {
  readonly content: unknown;
  readonly cacheControl: string;
  /** Unix time in milliseconds. */
  readonly lastModified: number;
  readonly tags: readonly string[];
  readonly vary?: string;
  readonly contentLanguage?: string;
  /** The address of the next page, relative to the origin. */
  readonly next?: string;
}

/** Answers with validators, or with 304 when the client's copy is the current one. */
export function represent(representation: Representation, request: IncomingHttpHeaders): Answer {
  const { content, cacheControl, lastModified, tags, vary, contentLanguage, next } = representation;
  const body = json(content);
  const etag = strongEtag(body);
  const links = [`<${attribution.licenseUrl}>; rel="license"`];
  if (next !== undefined) links.push(`<${next}>; rel="next"`);

  // What a 304 must repeat (RFC 9110, 15.4.5), and the tags, which a cache may have to learn anew.
  const always = {
    'Cache-Control': cacheControl,
    ETag: etag,
    'Last-Modified': new Date(lastModified).toUTCString(),
    ...(tags.length > 0 && { 'Cache-Tag': tags.join(', ') }),
    ...(vary !== undefined && { Vary: vary }),
  };
  if (isNotModified(request, { etag, lastModified })) {
    return { status: 304, headers: always, body: '' };
  }
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...always,
      Link: links.join(', '),
      ...(contentLanguage !== undefined && { 'Content-Language': contentLanguage }),
    },
    body,
  };
}

/** An answer that no cache may keep. */
export function uncached(content: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      ...headers,
    },
    body: json(content),
  };
}

export function json(content: unknown): string {
  return `${JSON.stringify(content)}\n`;
}

/** Equal for equal bytes and nothing else. */
export function strongEtag(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}
