import { parseHttpDate } from '../http/date.ts';
import { responseControl, TARGETED_FIELDS } from './control.ts';

/** A response on its way to a client. */
export interface Delivered {
  /** When it was made, in milliseconds: `Age` counts from here. */
  readonly createdAt: number;
  readonly now: number;
  /** It comes out of a store, and says how old it is also when that is 0 (RFC 9111, section 5.1). */
  readonly stored: boolean;
}

/**
 * Sets by what a client counts freshness: `Date`, as it came, and `Age`. Of what comes out of a store, and is governed by a
 * targeted field (RFC 9213), the edge may have kept it for longer than `Cache-Control` gives a browser, which would get it
 * stale already: there the browser's time begins at delivery, with `Date` of now, `Expires` as far ahead of it as it was,
 * and no `Age`.
 * @returns true where it begins at delivery
 */
export function setBrowserTime(headers: Headers, { createdAt, now, stored }: Delivered): boolean {
  headers.delete('age');
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
