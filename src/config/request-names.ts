import { isTakenAway } from '../gateway/request-headers.ts';
import { endsHere } from '../http/hop-by-hop.ts';
import { schema } from './kinds.ts';
import { nameChoice, readNames, type NameForm } from './name-choice.ts';
import type { Field } from './policy-fields.ts';
import { shown } from './shown.ts';

/** Without these a request would be another request, or of another sender, or could go in circles. What ends in `-` begins names. */
const NEEDED = [
  'authorization',
  'cache-control',
  'cdn-loop',
  'connection',
  'content-',
  'cookie',
  'expect',
  'host',
  'if-',
  'max-forwards',
  'pragma',
  'proxy-authorization',
  'range',
  'sec-websocket-',
  'te',
  'transfer-encoding',
  'upgrade',
  'via',
] as const;

const FIELD: NameForm = {
  names: 'names of request headers',
  form: {
    // A field-name (RFC 9110, section 5.1). The `*` that it may have as well is the wildcard here.
    test: /^[!#$%&'+\-.^_`|~0-9a-z]+$/,
    allowed: 'the name of a header, in lower case',
  },
};

const PARAMETER: NameForm = {
  names: 'names of query parameters',
  form: {
    // oxlint-disable-next-line no-control-regex -- to refuse them
    test: /^[^\u0000-\u001f\u007f]+$/,
    allowed: 'the name of a query parameter as it is meant, without escapes',
  },
};

const COOKIE: NameForm = {
  names: 'names of cookies',
  // A cookie-name (RFC 6265, section 4.1.1).
  form: { test: /^[!#$%&'+\-.^_`|~0-9A-Za-z]+$/, allowed: 'the name of a cookie' },
};

/** `query`. */
export const queryChoice = nameChoice(PARAMETER);

/** `vary`. */
export const varyChoice = nameChoice(FIELD, {
  ...FIELD,
  fault(name, isPrefix) {
    if (name === 'x-forwarded-for' && !isPrefix)
      return 'must not be dropped: the gateway itself tells origins the address of the client in it';
    if (!isNeeded(name) && !(isPrefix && NEEDED.some((one) => one.startsWith(name))))
      return undefined;
    return isPrefix
      ? `stands for names that must not be dropped, such as ${NEEDED.find((one) => one.startsWith(name)) ?? name}: a request without them would be another request`
      : 'must not be dropped: a request without it would be another request';
  },
});

/** `cookies`. */
export const cookieChoice = nameChoice(COOKIE);

const allowed = 'pass, or a list of at most 100 names of request headers';

/** `requestHeaders`. */
export const requestHeaders: Field<'pass' | readonly string[]> = {
  allowed,
  option: schema((value, refuse) => {
    if (value === 'pass') return 'pass';
    if (!Array.isArray(value)) {
      refuse(`is ${shown(value)}, must be ${allowed}`);
      return undefined;
    }
    return readNames(value, { ...FIELD, fault: unlistable }, refuse);
  }),
};

function unlistable(name: string): string | undefined {
  if (isTakenAway(name)) return 'never reaches an origin, and can not be passed on by name';
  return isNeeded(name)
    ? 'must not be listed: the gateway itself decides what an origin is told in it'
    : undefined;
}

/** @param name in lower case, or what names begin with */
function isNeeded(name: string): boolean {
  return (
    endsHere(name) ||
    NEEDED.some((one) => (one.endsWith('-') ? name.startsWith(one) : name === one))
  );
}
