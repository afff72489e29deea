import { isForeignLoop } from './cdn-loop.ts';
import { isStrippedRequestHeader } from './request-headers.ts';

/** More bytes than this, of one header or of all, come close to what servers refuse. */
const MAX_FIELD_BYTES = 4096;
const MAX_ALL_BYTES = 8192;

/** A control character, which some servers refuse and others do not. */
const CONTROL = /[^\t\x20-\x7e\x80-\uffff]/;

/**
 * True for a request that may have caused an error by its own oddity: it carries what never reaches an origin, or headers
 * that are larger than what ordinary clients send, control characters, or the name of another network in `CDN-Loop`. Such an error is not stored for others
 * (cache-poisoned denial of service, Nguyen et al., CCS 2019).
 */
export function isUnusual({ headers }: Pick<Request, 'headers'>): boolean {
  let all = 0;
  for (const [name, value] of headers) {
    const bytes = name.length + value.length + ': \r\n'.length;
    all += bytes;
    if (bytes > MAX_FIELD_BYTES || all > MAX_ALL_BYTES) return true;
    if (CONTROL.test(value) || isStrippedRequestHeader(name)) return true;
    if (name === 'cdn-loop' && isForeignLoop(value)) return true;
  }
  return false;
}
