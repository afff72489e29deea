import { InvalidKey } from '../errors.ts';
import type { KeyInput } from '../tenant/segments.ts';

/** The most that one template may name for one event; the whole event may name no more either. */
export const MAX_TARGETS_PER_EVENT = 100;

/** The longest value that is filled in, in characters. */
const MAX_VALUE = 4096;

/** A text or a key with places in it, ready to be filled. */
export interface Template<Filled> {
  /** One for each element of a list that is filled in. Throws {@link InvalidKey}, which says no value. */
  from(data: unknown): readonly Filled[];
}

/** A field of an event's data, `city.id`. */
interface Place {
  readonly field: string;
}

type Part = string | Place;

/** A tag, a host, a group: what is filled in stands as it is, since none of them is taken apart again. */
export function compileText(text: string): Template<string> {
  const parts = partsOf(text);
  return { from: (data) => filled([parts], data, verbatim).map(([only = '']) => only) };
}

/** An absolute URL. What is filled in is percent-encoded: it stays inside its segment of the path, or its place in the query. */
export function compileUrl(text: string): Template<string> {
  if (!isUrl(text)) throw new InvalidKey('must begin with https:// or http://, not with a place');
  const parts = partsOf(text);
  return {
    from: (data) =>
      filled([parts], data, encodeURIComponent).map(([url = '']) => {
        const [path = ''] = url.replace(/^https?:\/\/[^/\\?#]*/i, '').split(/[?#]/);
        refuseDots(path.split(/[/\\]/));
        return url;
      }),
  };
}

/**
 * A key, as text or as a list of segments. What is filled in stays inside its segment: it can't make another one, and so
 * names neither more nor something else than the rule means.
 */
export function compileKey(input: KeyInput): Template<KeyInput> {
  const segments =
    typeof input === 'string' ? splitAtColons(partsOf(input)) : input.map((part) => partsOf(part));
  const [owner] = segments.map((parts) => (parts.every(isText) ? parts.join('') : undefined));
  if (owner === undefined || !OWNERS.has(owner))
    throw new InvalidKey(
      "must begin with g (gateway), e (entries of the HTTP API) or n (library's namespaces), not with a place",
    );
  if (owner !== 'g') return { from: (data) => filled(segments, data, verbatim) };
  if (typeof input === 'string')
    throw new InvalidKey('must be a list of segments: a host may hold the separator');
  // Its segments are written as in the URL that they stand for, and are read as one again.
  return {
    from: (data) => {
      const keys = filled(segments, data, encodeURIComponent);
      for (const [, , , ...path] of keys)
        refuseDots(path.filter((part, at) => at < path.length - 1 || !part.startsWith('?')));
      return keys;
    },
  };
}

/** A URL without query, or a key prefix. */
export function compilePrefix(input: KeyInput): Template<KeyInput> {
  if (typeof input !== 'string' || !isUrl(input)) return compileKey(input);
  if (input.includes('?')) throw new InvalidKey('must not have a query; purge the URL instead');
  return compileUrl(input);
}

const OWNERS: ReadonlySet<string> = new Set(['g', 'e', 'n']);

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
function splitAtColons(parts: readonly Part[]): readonly (readonly Part[])[] {
  const segments: Part[][] = [[]];
  for (const part of parts) {
    const [first = part, ...rest] = isText(part) ? part.split(':') : [];
    segments.at(-1)?.push(first);
    for (const next of rest) segments.push([next]);
  }
  return segments;
}

/** Every way to fill the places; one that stands twice is filled alike. */
function filled(
  segments: readonly (readonly Part[])[],
  data: unknown,
  encode: (value: string) => string,
): readonly (readonly string[])[] {
  const fields = new Set(
    segments.flat().flatMap((part): string[] => (isText(part) ? [] : [part.field])),
  );
  let ways: ReadonlyMap<string, string>[] = [new Map()];
  for (const field of fields) {
    const values = valuesOf(data, field);
    if (ways.length * values.length > MAX_TARGETS_PER_EVENT)
      throw new InvalidKey(
        `The field '${field}' makes more than ${MAX_TARGETS_PER_EVENT} targets of one event.`,
      );
    ways = ways.flatMap((way) =>
      values.map((value) => new Map([...way, [field, encode(value)] as const])),
    );
  }
  return ways.map((way) =>
    segments.map((parts) =>
      parts.map((part) => (isText(part) ? part : (way.get(part.field) ?? ''))).join(''),
    ),
  );
}

/** What the data holds in a field: one value, or those of a list. */
function valuesOf(data: unknown, field: string): readonly string[] {
  let value = data;
  for (const name of field.split('.')) {
    const holds = typeof value === 'object' && value !== null && !Array.isArray(value);
    value =
      holds && Object.hasOwn(value as object, name)
        ? Reflect.get(value as object, name)
        : undefined;
  }
  if (value === undefined || value === null)
    throw new InvalidKey(`The field '${field}' is missing.`);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((one) => textOf(one, field));
}

function textOf(value: unknown, field: string): string {
  switch (typeof value) {
    case 'string':
      // An empty one would leave of a path what is above it.
      if (value === '') throw new InvalidKey(`The field '${field}' is empty.`);
      if (value.length > MAX_VALUE)
        throw new InvalidKey(`The field '${field}' is longer than ${MAX_VALUE} characters.`);
      if (!value.isWellFormed())
        throw new InvalidKey(`The field '${field}' holds a lone surrogate.`);
      return value;
    case 'number':
      // Past that JSON has lost digits already: it would name something else.
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        throw new InvalidKey(
          `The field '${field}' is a number too large to be exact; send it as a text.`,
        );
      if (Number.isFinite(value)) return String(value);
      break;
    case 'boolean':
      return String(value);
    default:
  }
  throw new InvalidKey(
    `The field '${field}' must be a text, a finite number, true or false, or a list of these.`,
  );
}

/** A segment of dots names what is above it. Percent-encoded dots are dots (WHATWG URL, "double-dot path segment"). */
function refuseDots(segments: readonly string[]): void {
  if (segments.some((segment) => /^\.{1,2}$/.test(segment.replaceAll(/%2e/gi, '.'))))
    throw new InvalidKey('What is filled in makes a segment of dots, which names another path.');
}
