import { TAG_HEADERS } from '../gateway/tag-headers.ts';
import { endsHere } from '../http/hop-by-hop.ts';
import { schema } from './kinds.ts';
import type { Field } from './policy-fields.ts';
import { shown } from './shown.ts';

const MOST = 50;
const LONGEST_NAME = 128;
const LONGEST_VALUE = 4096;

/** A field-name in whatever case (RFC 9110, section 5.1). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A field-value without obs-text (RFC 9110, section 5.5). */
const VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/** They say what the response is, to whom, and for how long. What ends in `-` begins names. */
const OF_THE_RESPONSE = [
  ...TAG_HEADERS,
  'accept-ranges',
  'age',
  'allow',
  'cache-control',
  'cache-status',
  'cdn-cache-control',
  'cf-',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'digest',
  'etag',
  'expires',
  'last-modified',
  'location',
  'pragma',
  'repr-digest',
  'retry-after',
  'sec-websocket-',
  'set-cookie',
  'surrogate-',
  'tiercel-',
  'vary',
  'warning',
  'www-authenticate',
] as const;

const allowed = `an object of at most ${MOST} headers, each with a text`;

/** `responseHeaders`: names in lower case, in the order of the object. No message says a value. */
export const responseHeaderList: Field<readonly (readonly [name: string, value: string])[]> = {
  allowed,
  option: schema((value, refuse) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      refuse(`is ${shown(value)}, must be ${allowed}`);
      return undefined;
    }
    const entries = Object.entries(value);
    if (entries.length > MOST) refuse(`has ${entries.length} headers, must have at most ${MOST}`);
    const fields = new Map<string, string>();
    for (const [given, text] of entries) {
      const name = given.toLowerCase();
      if (!NAME.test(given) || given.length > LONGEST_NAME) {
        refuse('has a name that can not be one of a header');
        continue;
      }
      const problem =
        nameFault(name) ?? (fields.has(name) ? 'is listed already' : valueFault(text));
      if (problem !== undefined) refuse(problem, [given]);
      else fields.set(name, String(text));
    }
    return [...fields];
  }),
};

function nameFault(name: string): string | undefined {
  const refused =
    endsHere(name) ||
    OF_THE_RESPONSE.some((one) => (one.endsWith('-') ? name.startsWith(one) : name === one));
  return refused ? 'must not be set: it says what the response is' : undefined;
}

function valueFault(text: unknown): string | undefined {
  if (typeof text !== 'string') return `is ${shown(text)}, must be a text`;
  if (text.length > LONGEST_VALUE)
    return `has ${text.length} characters, must have at most ${LONGEST_VALUE}`;
  return VALUE.test(text)
    ? undefined
    : 'must be visible ASCII characters with spaces and tabs between them only';
}
