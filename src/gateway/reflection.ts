import {
  hasMarkup,
  isAddress,
  isHttpDate,
  isOrdinaryLanguage,
  isOrdinaryValue,
  isOrdinaryWord,
  withoutProducts,
} from './ordinary-words.ts';
import { isExchangeId } from './echoed-ids.ts';
import { wordsOfHop } from './hop-words.ts';
import { isOrdinaryField } from './ordinary-fields.ts';
import { isOfOthers, isPlainThere } from './others-cookies.ts';
import { pageOf } from './referring-page.ts';
import { lowerCase } from './repetition.ts';

/** More words than this, or more characters of them, are not looked for: nobody knows what such a request is after. */
const MOST_WORDS = 256;
const MOST_CHARACTERS = 8192;
/** Nor is anything looked for where a request says more than this. */
const MOST_SAID = 65_536;
/** Those included that the key says as well. */
const MOST_SEEN = 2048;
/** Of a longer word its beginning and its end are looked for: an origin may cut it. */
const LONGEST = 64;
const LONGEST_AGENT = 256;
const SHORTEST = 6;

/** Said by the gateway itself, or followed by no origin. */
const NOT_THE_CLIENTS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'content-length',
  'host',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/** Client hints of one number each. */
const A_NUMBER: ReadonlySet<string> = new Set(['device-memory', 'downlink', 'dpr', 'rtt']);

/** Letters and figures that stay as they are, however a text is escaped for HTML, JSON or a URL. */
const RUN = /[A-Za-z0-9._~-]{6,}/g;
/** An angle bracket, plain or percent-encoded. */
const ANGLE = /[<>]|%3[ce]/i;
/** What may be a host: with a name at its end, as a top-level domain is. */
const HOST_LIKE = /\.[a-z]{2,}$/i;

/** What a request is known by. */
export interface Keyed {
  readonly url: URL;
  /** Hosts of the same owner: their links to each other are no reflection. */
  readonly hosts: readonly string[];
  /** The request fields that select among what is stored under the URL, in lower case. */
  readonly names: readonly string[];
}

/**
 * What to look for in a response: what the request says in fields that are no part of the key, and that neither the URL nor
 * a selecting field says as well. Whole values, or the runs of letters and figures in them, which no escaping hides; each
 * cookie and each language for itself. No words are what every client sends, numbers of fewer than six digits, and links
 * within the owner's hosts. `too-many`: nobody can tell.
 * @param sent the fields as the origin gets them
 */
export function unkeyedWords(
  sent: Headers,
  { url, hosts, names }: Keyed,
): readonly string[] | 'too-many' {
  const keyed = keyedText(sent, url, names);
  const words = new Set<string>();
  const seen = new Set<string>();
  let characters = 0;
  let said = 0;
  for (const [name, value] of sent) {
    said += value.length;
    if (said > MOST_SAID) return 'too-many';
    if (names.includes(name) || NOT_THE_CLIENTS.has(name)) continue;
    for (const word of [...wordsOfName(name), ...wordsOf(name, value, url, hosts)]) {
      const lower = lowerCase(word);
      if (seen.has(lower)) continue;
      seen.add(lower);
      if (seen.size > MOST_SEEN) return 'too-many';
      if (keyed.includes(lower)) continue;
      words.add(lower);
      characters += lower.length;
      if (words.size > MOST_WORDS || characters > MOST_CHARACTERS) return 'too-many';
    }
  }
  return [...words];
}

/** All that the key says, in lower case, plain and decoded. A fragment, or a user's name, is in no key, and may come with a request. */
function keyedText(
  sent: Headers,
  { origin, pathname, search }: URL,
  names: readonly string[],
): string {
  const values = names.map((name) => sent.get(name) ?? '');
  return lowerCase([origin + pathname + search, ...values].flatMap(readings).join('\n'));
}

function wordsOf(
  name: string,
  value: string,
  url: URL,
  hosts: readonly string[],
): readonly string[] {
  if (name === 'cookie') return wordsOfCookies(value);
  if (name === 'accept-language') return value.split(',').flatMap(wordsOfLanguage);
  if (name === 'user-agent') return wordsOfAgent(value);
  if (name === 'referer' || name === 'origin') return wordsOfPage(value, url, hosts);
  if (name === 'range' && /^\s*bytes\s*=[\s0-9,-]*$/i.test(value)) return [];
  if (name === 'via' || name === 'cdn-loop')
    return value.split(',').flatMap((member) => wordsOfHop(member.trim(), url) ?? wordsIn(member));
  if (A_NUMBER.has(name) && /^[0-9]+(?:\.[0-9]+)?$/.test(value)) return [];
  const isLoopback = /^(?:127\.[0-9.]+|::1)$/.test(value);
  if (isHttpDate(value) || (name === 'x-forwarded-for' && isLoopback)) return [];
  return wordsIn(value);
}

/** The name of a field that nobody has given to one by hand: others stand in pages that speak of them. */
function wordsOfName(name: string): readonly string[] {
  if (isOrdinaryField(name) || isExchangeId(name)) return [];
  return isMixed(name) || /[^a-z0-9-]/.test(name) ? ends(name) : [];
}

/** The words of a value of which nothing is known. An origin may take one member of a list. */
function wordsIn(value: string): readonly string[] {
  const ofMembers = value.split(',').flatMap((member) =>
    readings(member.trim()).flatMap((text) => {
      const runs = [...runsIn(text), ...(text.match(RUN) ?? []).filter(isAddress)];
      // Where the whole stands these do. Of markup a part is enough to do harm.
      return runs.length > 0 && !hasMarkup(text) ? runs : [...runs, ...wholes(text)];
    }),
  );
  // A comma separates nothing in a script.
  return value.includes(',') && hasMarkup(value) ? [...ofMembers, ...wholes(value)] : ofMembers;
}

function runsIn(text: string): readonly string[] {
  return (text.match(RUN) ?? [])
    .filter((run) => !isOrdinaryWord(run))
    .map(bare)
    .flatMap(ends);
}

/** Without what an origin may take away from the name of a host, if enough is left. */
function bare(run: string): string {
  const left = run.replace(/^[._~-]+/, '').replace(/^www\./i, '');
  let end = left.length;
  while (end > 0 && '._~-'.includes(left.charAt(end - 1))) end -= 1;
  return end >= SHORTEST ? left.slice(0, end) : run;
}

/** A value without such a run, and what is left of it when its markup is escaped. */
function wholes(text: string): readonly string[] {
  const least = hasMarkup(text) ? 3 : /[^A-Za-z0-9 _-]/.test(text) ? 4 : SHORTEST;
  const pieces = text
    .split(/["'<>&\\]/)
    .filter((piece) => piece.length >= SHORTEST && /[(=/]/.test(piece));
  const whole = text.length >= least ? [text] : [];
  return [...whole, ...pieces].filter((one) => !isOrdinaryValue(one)).flatMap(ends);
}

function ends(word: string): readonly string[] {
  return word.length > LONGEST ? [word.slice(0, LONGEST), word.slice(-LONGEST)] : [word];
}

/** As it stands, and percent-decoded. */
function readings(text: string): readonly string[] {
  if (!text.includes('%')) return [text];
  const decoded = text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return ' ';
    }
  });
  return decoded === text ? [text] : [text, decoded];
}

/** Each cookie for itself. */
function wordsOfCookies(value: string): readonly string[] {
  const words = value.split(';').flatMap((pair) => wordsOfCookie(pair.trim()));
  return ANGLE.test(value) ? [...wordsIn(value), ...words] : words;
}

/** The names of cookies, and of what stands in them, are the site's own, and stand in its scripts. */
function wordsOfCookie(pair: string): readonly string[] {
  const equals = pair.indexOf('=');
  const value = pair.slice(equals + 1);
  const name = pair.slice(0, Math.max(0, equals));
  if (!/^[\w.%-]+$/.test(name) || ANGLE.test(pair)) return wordsIn(pair);
  const ofOthers = isOfOthers(name);
  const ofValue = readings(value).flatMap((text) => {
    const runs = [...text.matchAll(RUN)].filter(
      ({ 0: run, index }) =>
        !isOrdinaryWord(run) && (isToken(run) || !isName(text, index + run.length)),
    );
    if (runs.length === 0) return wholes(text);
    const said = runs.map(([run]) => run);
    const left = ofOthers ? said.filter((run) => !isPlainThere(run, text)) : said;
    if (left.length > 0) return left.flatMap(ends);
    return isPlainThere(text, text) ? [] : wholes(text);
  });
  if (name.includes('%')) return [...wordsIn(name), ...ofValue];
  return isMixed(name) ? [...ends(name), ...ofValue] : ofValue;
}

/** Something that nobody writes by hand. */
function isToken(run: string): boolean {
  return run.length >= 16 || isMixed(run);
}

function isMixed(run: string): boolean {
  return run.length >= 8 && /[0-9]/.test(run) && /[A-Za-z]/.test(run);
}

function isName(text: string, end: number): boolean {
  return /^["'\\\s]*[=:]/.test(text.slice(end, end + 8));
}

function wordsOfLanguage(member: string): readonly string[] {
  const [language = '', weight, ...more] = member.split(';').map((part) => part.trim());
  const isWeight = more.length === 0 && (weight === undefined || /^q=[0-9.]{1,5}$/i.test(weight));
  return isWeight && isOrdinaryLanguage(language) ? [] : wordsIn(isWeight ? language : member);
}

function wordsOfAgent(value: string): readonly string[] {
  const unusual = withoutProducts(value);
  const words = hasMarkup(unusual) ? wordsIn(unusual) : runsIn(unusual);
  return value.length >= 10 && !/^[a-z-]+\/[0-9.]+$/i.test(value)
    ? [value.slice(0, LONGEST_AGENT), ...words]
    : words;
}

/**
 * The words of a URL that is said to lead here. Of one's own pages a plain path is none: every page of a site links to others
 * of it. What nobody links to is: markup, and tokens in the query.
 */
function wordsOfPage(value: string, url: URL, hosts: readonly string[]): readonly string[] {
  const page = pageOf(value, url, hosts);
  if (!page) return wordsIn(value);
  const { host, path, query, whose } = page;
  if (whose === 'own') {
    if (hasMarkup(path + query)) return wordsIn(path + query);
    return readings(query)
      .flatMap(runsIn)
      .filter((run) => isToken(run) || HOST_LIKE.test(run));
  }
  if (hasMarkup(value)) return wordsIn(value);
  const ofQuery = wordsOfCookie(`q=${query}`);
  const leads = `//${host}${path}`;
  if (whose === 'ordinary') return path.length > 1 ? [...ends(leads), ...ofQuery] : ofQuery;
  const long = [host, path + query].filter((text) => text.length >= SHORTEST);
  return [`//${host}`, ...runsIn(host), ...long].flatMap(ends).concat(ofQuery);
}
