import { InvalidKey } from '../errors.ts';
import { KEY_OWNERS, KEY_OWNERS_FORM } from '../tenant/key-owners.ts';
import type { KeyInput } from '../tenant/segments.ts';
import { Allowance, MAX_TARGETS_PER_EVENT } from './allowance.ts';
import { EventFault } from './event-fault.ts';
import { tooMany, valuesOf } from './event-values.ts';

/** A text or a key with places in it, ready to be filled. */
export interface Template<Filled> {
  /** The fields that it takes, `city.id`, each once. */
  readonly places: readonly string[];
  /** How many targets stand for each thing that it names. */
  readonly weight: number;
  /**
   * One for each element of a list that is filled in. Throws {@link EventFault}, before anything is filled that is too much.
   *
   * @param allowance what the event may still name. Default: as much as one event may
   */
  from(data: unknown, allowance?: Allowance): readonly Filled[];
  /** One letter in every place: when not even that can be purged, nothing can that an event fills in. */
  sample(): readonly Filled[];
}

/** A part of a template: text, or a field of an event's data. */
type Part = string | { readonly field: string };
type Segments = readonly (readonly Part[])[];

/** A tag or a group: what is filled in stands as it is, since none of them is taken apart again. */
export function compileText(text: string): Template<string> {
  return templateOf([partsOf(text)], verbatim, 1, ([only = '']) => only);
}

/** A host stands for itself under both schemes. */
export function compileHost(text: string): Template<string> {
  return templateOf([partsOf(text)], verbatim, 2, ([only = '']) => only);
}

/** An absolute URL. What is filled in is percent-encoded: it stays inside its segment of the path, or its place in the query. */
export function compileUrl(text: string): Template<string> {
  if (!isUrl(text)) throw new InvalidKey('must begin with https:// or http://, not with a place');
  return templateOf([partsOf(text)], encodeURIComponent, 2, ([url = '']) => {
    const [path = ''] = url.replace(/^https?:\/\/[^/\\?#]*/i, '').split(/[?#]/);
    refuseDots(path.split(/[/\\]/));
    return url;
  });
}

/**
 * A key, as text or as a list of segments. What is filled in stays inside its segment: it can't make another one, and so
 * names neither more nor something else than the rule means.
 */
export function compileKey(input: KeyInput): Template<KeyInput> {
  const segments =
    typeof input === 'string' ? splitAtColons(partsOf(input)) : input.map((part) => partsOf(part));
  const [owner] = segments.map((parts) => (parts.every(isText) ? parts.join('') : undefined));
  if (owner === undefined || !KEY_OWNERS.has(owner))
    throw new InvalidKey(`${KEY_OWNERS_FORM}, not with a place`);
  if (owner !== 'g') return templateOf(segments, verbatim, 1, (key) => key);
  if (typeof input === 'string')
    throw new InvalidKey('must be a list of segments: a host may hold the separator');
  // Its segments are written as in the URL that they stand for, and are read as one again.
  return templateOf(segments, encodeURIComponent, 1, (key) => {
    // A query begins with its mark, and so is no segment of dots.
    refuseDots(key.slice(3));
    return key;
  });
}

/** A URL without query, or a key prefix. */
export function compilePrefix(input: KeyInput): Template<KeyInput> {
  if (typeof input !== 'string' || !isUrl(input)) return compileKey(input);
  if (input.includes('?')) throw new InvalidKey('must not have a query; purge the URL instead');
  return compileUrl(input);
}

const verbatim = (value: string): string => value;
const isText = (part: Part): part is string => typeof part === 'string';
const isUrl = (text: string): boolean => /^https?:\/\//i.test(text);

/** Takes a template apart: `{a.b}` is a place, `{{` and `}}` are braces. */
function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  for (const [token, field] of text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    if (field !== undefined) {
      if (!/^[^.\s]+(?:\.[^.\s]+)*$/.test(field))
        throw new InvalidKey(
          'has a place that names no field; a place is {field} or {field.field}',
        );
      parts.push({ field });
    } else if (token === '{' || token === '}')
      throw new InvalidKey(`has a '${token}' alone; a brace itself is written '${token}${token}'`);
    else parts.push(token === '{{' ? '{' : token === '}}' ? '}' : token);
  }
  return parts;
}

/** The segments of a key that is written as text. Places stay whole. */
function splitAtColons(parts: readonly Part[]): Segments {
  const segments: Part[][] = [[]];
  for (const part of parts) {
    const [first = part, ...rest] = isText(part) ? part.split(':') : [];
    segments.at(-1)?.push(first);
    for (const next of rest) segments.push([next]);
  }
  return segments;
}

/** @param read makes of the filled segments what is named, and throws for what they must not make */
function templateOf<Filled>(
  segments: Segments,
  encode: (value: string) => string,
  weight: number,
  read: (segments: readonly string[]) => Filled,
): Template<Filled> {
  const parts = segments.flat();
  const places = [...new Set(parts.flatMap((part) => (isText(part) ? [] : [part.field])))];
  return {
    places,
    weight,
    from(data, allowance = new Allowance()) {
      const values = places.map((place) => [place, valuesOf(data, place).map(encode)] as const);
      return waysOf(values).map((way) => {
        allowance.take(weight, lengthOf(parts, way));
        return read(filled(segments, way));
      });
    },
    sample: () => [read(filled(segments, new Map(places.map((place) => [place, 'x']))))],
  };
}

type Way = ReadonlyMap<string, string>;

/** Every way to fill the places, the last one fastest; one that stands twice is filled alike. */
function waysOf(values: readonly (readonly [string, readonly string[]])[]): readonly Way[] {
  let count = 1;
  for (const [place, of] of values) {
    count *= of.length;
    if (count > MAX_TARGETS_PER_EVENT) throw tooMany(place);
  }
  return Array.from({ length: count }, (_, number) => {
    const way = new Map<string, string>();
    let rest = number;
    for (const [place, of] of values.toReversed()) {
      way.set(place, of[rest % of.length] ?? '');
      rest = Math.floor(rest / of.length);
    }
    return way;
  });
}

function lengthOf(parts: readonly Part[], way: Way): number {
  return parts.reduce((length, part) => length + textOf(part, way).length, 0);
}

function filled(segments: Segments, way: Way): readonly string[] {
  return segments.map((parts) => parts.map((part) => textOf(part, way)).join(''));
}

function textOf(part: Part, way: Way): string {
  return isText(part) ? part : (way.get(part.field) ?? '');
}

/** A segment of dots names what is above it. Percent-encoded dots are dots (WHATWG URL, "double-dot path segment"). */
function refuseDots(segments: readonly string[]): void {
  if (segments.some((segment) => /^\.{1,2}$/.test(segment.replaceAll(/%2e/gi, '.'))))
    throw new EventFault('What is filled in makes a segment of dots, which names another path.');
}
