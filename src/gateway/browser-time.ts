import { parseHttpDate } from '../http/date.ts';
import type { TtlPolicy } from '../tenant/policy.ts';
import { setBrowserTtl } from './browser-ttl.ts';
import { responseControl, TARGETED_FIELDS } from './control.ts';

/** A response on its way to a client. */
export interface Delivered {
  /** When it was made, in milliseconds: `Age` counts from here. */
  readonly createdAt: number;
  readonly now: number;
  /** It comes out of a store, and says how old it is also when that is 0 (RFC 9111, section 5.1). */
  readonly stored: boolean;
  /** Of the whole: that of a 206, or of a 304, is 200. */
  readonly status: number;
  /** Of what is stored, or might be. Undefined: the origin's own time is left as it is. */
  readonly browserTtl: TtlPolicy | undefined;
}

/**
 * Sets by what a client counts freshness: `Date`, as it came, and `Age`. Of what comes out of a store, and is governed by a
 * targeted field (RFC 9213), the edge may have kept it for longer than `Cache-Control` gives a browser, which would get it
 * stale already: there the browser's time begins at delivery, with `Date` of now, `Expires` as far ahead of it as it was,
 * and no `Age`. So it does where the policy gives another time than the origin.
 * @returns true where it begins at delivery
 */
export function setBrowserTime(
  headers: Headers,
  { createdAt, now, stored, status, browserTtl }: Delivered,
): boolean {
  headers.delete('age');
  if (browserTtl && setBrowserTtl(headers, status, now, browserTtl)) {
    headers.set('date', httpDate(now));
    return true;
  }
  // Almost every hit has none of these fields, and need not be parsed.
  const targeted =
    stored &&
    TARGETED_FIELDS.some((name) => headers.has(name)) &&
    responseControl(headers).targeted;
  if (targeted) {
    const expires = parseHttpDate(headers.get('expires'), now);
    const date = parseHttpDate(headers.get('date'), now) ?? createdAt;
    if (expires !== undefined) headers.set('expires', httpDate(expires + (now - date)));
    headers.set('date', httpDate(now));
  } else {
    const age = Math.max(0, Math.floor((now - createdAt) / 1000));
    if (stored || age > 0) headers.set('age', String(age));
  }
  return targeted;
}

/** IMF-fixdate (RFC 9110, section 5.6.7). */
export function httpDate(time: number): string {
  return new Date(time).toUTCString();
}
