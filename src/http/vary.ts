import { listMembers, trimOws } from './field-list.ts';

/** More names than this are read as `*`: nobody varies by so many, and each of them costs every request. */
export const MAX_VARY_NAMES = 32;

/** A list of more languages than this is compared as it is: no client prefers so many, and sorting them costs. */
const MAX_LANGUAGES = 64;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A language range and its weight (RFC 9110, sections 12.4.2 and 12.5.4; RFC 4647, section 2.1). */
const LANGUAGE =
  /^([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)(?:[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?$/i;

/**
 * Fields of one value, in which a comma may stand and separates nothing: who sends the request, by what, and from where.
 * Two that differ by a space are two.
 */
const NO_LISTS: ReadonlySet<string> = new Set([
  'api-key',
  'authorization',
  'cookie',
  'date',
  'dpop',
  'from',
  'idempotency-key',
  'last-event-id',
  'origin',
  'proxy-authorization',
  'referer',
  'user-agent',
  'x-access-token',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
  'x-session-id',
  'x-xsrf-token',
]);

/**
 * The fields that a response varies by (RFC 9110, section 12.5.5): lower case, sorted, each once. Without
 * `Accept-Encoding`: the origin is always asked for the identity coding. `*` where the field says so anywhere, or names
 * what can be no field: such a response matches no later request (RFC 9111, section 4.1).
 */
export function parseVary(field: string | null): readonly string[] | '*' {
  if (field === null) return [];
  const members = listMembers(field, MAX_VARY_NAMES);
  if (members.length > MAX_VARY_NAMES) return '*';
  const names = new Set<string>();
  for (const member of members) {
    if (member === '*' || !TOKEN.test(member)) return '*';
    names.add(member.toLowerCase());
  }
  names.delete('accept-encoding');
  return [...names].toSorted();
}

/**
 * A request's value of a field that a response varies by, written so that values that mean the same are equal (RFC 9111,
 * section 4.1): without the white space around it and, unless it is known to be no list, around its commas. Languages,
 * besides, are in lower case, the most preferred first, and those of one quality by name: where a member stands says
 * nothing (RFC 9110, section 12.5.4), although some servers go by it, and the public suite of cache tests asks for that.
 * @param name in lower case
 * @param value null: the request has no such field, which is another thing than an empty one
 */
export function normaliseSelecting(name: string, value: string | null): string | null {
  if (value === null) return null;
  if (NO_LISTS.has(name)) return trimOws(value);
  const languages = name === 'accept-language' ? parseLanguages(value) : undefined;
  if (!languages) return foldList(value);
  languages.sort((a, b) => b.quality - a.quality || compare(a.range, b.range));
  const written = languages.map(({ range, quality }) =>
    quality === 1 ? range : `${range};q=${quality}`,
  );
  return [...new Set(written)].join(',');
}

/**
 * The one language range that `Accept-Language` prefers, in lower case. Undefined where it prefers none or several: the
 * order of languages of one quality says nothing (RFC 9110, section 12.5.4).
 */
export function preferredLanguage(acceptLanguage: string | null): string | undefined {
  let best: Language | undefined;
  let alone = true;
  for (const language of (acceptLanguage === null ? undefined : parseLanguages(acceptLanguage)) ??
    []) {
    if (!best || language.quality > best.quality) {
      best = language;
      alone = true;
    } else if (language.quality === best.quality && language.range !== best.range) {
      alone = false;
    }
  }
  return best && alone && best.quality > 0 && best.range !== '*' ? best.range : undefined;
}

interface Language {
  readonly range: string;
  readonly quality: number;
}

/** Undefined for what is no list of languages, or one that is too long. */
function parseLanguages(field: string): Language[] | undefined {
  const members = listMembers(field, MAX_LANGUAGES);
  if (members.length > MAX_LANGUAGES) return undefined;
  const languages: Language[] = [];
  for (const member of members) {
    const match = LANGUAGE.exec(member);
    if (!match) return undefined;
    const [, range = '', weight] = match;
    languages.push({
      range: range.toLowerCase(),
      quality: weight === undefined ? 1 : Number(weight),
    });
  }
  return languages;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The members of a list without the white space around them; a comma inside a quoted string separates nothing. */
function foldList(value: string): string {
  if (!value.includes(',')) return trimOws(value);
  const members: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at];
    if (char === '"') quoted = !quoted;
    else if (char === '\\' && quoted) at += 1;
    else if (char === ',' && !quoted) {
      members.push(trimOws(value.slice(start, at)));
      start = at + 1;
    }
  }
  members.push(trimOws(value.slice(start)));
  return members.join(',');
}
