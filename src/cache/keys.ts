import { InvalidKey } from '../errors.ts';
import { encodeKey, type KeyInput } from '../tenant/segments.ts';
import { isTagText } from '../tenant/tag.ts';

/** The longest key, in bytes of its encoded form, and the most segments. */
export const MAX_KEY_BYTES = 4096;
export const MAX_KEY_SEGMENTS = 128;
/** The longest tag, in characters, and the most tags of one value. */
export const MAX_TAG_LENGTH = 256;
export const MAX_TAGS = 128;

/** The prefix of a namespace's keys: `n:{name}`, above version 1 `n:{name}.v{version}`. No name has a dot of its own. */
export function namespacePrefix(name: string, version: number): string {
  return version === 1 ? `n:${name}` : `n:${name}.v${version}`;
}

/** An encoded key below a prefix. Throws {@link InvalidKey}. */
export function keyBelow(prefix: string, input: KeyInput): string {
  checkKey(input);
  const key = `${prefix}:${encodeKey(input)}`;
  if (key.length > MAX_KEY_BYTES)
    throw new InvalidKey(`The key has ${key.length} bytes; ${MAX_KEY_BYTES} are allowed.`);
  return key;
}

/** A key of the whole tenant, encoded. Throws {@link InvalidKey}. */
export function wholeKey(input: KeyInput): string {
  checkKey(input);
  return encodeKey(input);
}

/** The segments of a key as its writer gave them. */
export function segmentsOf(input: KeyInput): readonly string[] {
  return typeof input === 'string' ? input.split(':') : input;
}

/** The tags of a value, out of one or more lists, without repetitions; nobody can change them. Throws {@link InvalidKey}. */
export function valueTags(...lists: readonly unknown[]): readonly string[] {
  const unique = [...new Set(lists.flatMap(checkTags))];
  if (unique.length > MAX_TAGS)
    throw new InvalidKey(`The value has ${unique.length} tags; ${MAX_TAGS} are allowed.`);
  return Object.freeze(unique);
}

/** Checks a list of tags, also one of callers without types. Throws {@link InvalidKey}. */
export function checkTags(tags: unknown): readonly string[] {
  // One that rejects later has nobody to tell.
  if (tags instanceof Promise) tags.catch(() => undefined);
  if (!Array.isArray(tags))
    throw new InvalidKey(`Tags must be a list of strings, not ${kindOf(tags)}.`);
  for (const tag of tags) {
    if (typeof tag !== 'string' || tag.length === 0 || tag.length > MAX_TAG_LENGTH)
      throw new InvalidKey(
        `A tag must be a string of 1 to ${MAX_TAG_LENGTH} characters, not ${typeof tag === 'string' ? `one of ${tag.length}` : kindOf(tag)}.`,
      );
    // Redis keeps UTF-8, in which all of these would be one.
    if (!tag.isWellFormed()) throw new InvalidKey('A tag must not hold a lone surrogate.');
    if (!isTagText(tag)) throw new InvalidKey('A tag must not hold a control character.');
  }
  return tags as readonly string[];
}

/** Throws {@link InvalidKey} for what is no key, also from callers without types. */
export function checkKey(input: unknown): void {
  if (typeof input === 'string') {
    if (input.length > MAX_KEY_BYTES)
      throw new InvalidKey(
        `The key has ${input.length} characters; ${MAX_KEY_BYTES} bytes are allowed.`,
      );
    return;
  }
  if (!Array.isArray(input))
    throw new InvalidKey(`A key must be a string or a list of strings, not ${kindOf(input)}.`);
  if (input.length > MAX_KEY_SEGMENTS)
    throw new InvalidKey(`The key has ${input.length} segments; ${MAX_KEY_SEGMENTS} are allowed.`);
  for (const segment of input)
    if (typeof segment !== 'string')
      throw new InvalidKey(`A key's segments must be strings, not ${kindOf(segment)}.`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
