import { isPrimitive, plainObjects } from './plain.ts';

/*
 * Heap sizes of V8 with pointer compression, as workerd has it (measured there with the inspector): a slot is 4 bytes, a
 * string 12 and its characters, an object 12 and its slots, an array 16, and 8 and its slots. A number that is no
 * 31-bit integer is 12 bytes of its own, in frozen arrays as well. The figures below are a little above that.
 */
const SLOT = 4;
const BOXED_NUMBER = 12;
const STRING = 16;
const ARRAY = 28;
const OBJECT = 20;
/** A slot and a share of the hidden classes that objects with optional fields have. */
const FIELD = 6;
/** An empty object keeps room for four fields. */
const EMPTY_OBJECT = 28;
/** The key's text, and a hidden class or an entry in a hash table of its own. */
const NEW_KEY = 110;
const NEW_KEY_OF_MANY = 64;
/** More keys than these, and an object is a dictionary: its keys are data, not the names of fields that entries share. */
const MOST_FIELDS = 32;
/** From here on V8 keeps a hash table, no hidden class. */
const MANY_KEYS = 128;
/** As many names of fields cost nothing: other entries of the same kind have them as well. */
const FREE_NAMES = 40;
/** A key that looks like an id: no other entry has it. */
const ID_LIKE = /^(?=.{8})\D*\d.*\d/s;
/** Up to this length the parser of JSON keeps one string for all that are alike. */
const SHARED_TEXT = 10;

/**
 * Freezes a value deeply, in place, so that it can be handed to anybody: it must be a private copy. Answers an estimate
 * from above of the heap that it occupies, in bytes. Undefined, and nothing frozen, when the value is not plain data
 * (object literals, arrays, primitives): a Map or a Date can be changed however frozen it is. Such values are kept as
 * bytes and decoded for every hit.
 */
export function freezeValue(value: unknown): { readonly bytes: number } | undefined {
  if (typeof value !== 'object' && !isPrimitive(value)) return undefined;
  const objects = plainObjects(value, isPrimitive);
  if (!objects) return undefined;
  const counted: Counted = { names: new Set(), texts: new Set() };
  let bytes = SLOT + leafBytes(value, counted);
  for (const object of objects) {
    bytes += Array.isArray(object)
      ? arrayBytes(object, counted)
      : recordBytes(object as Readonly<Record<string, unknown>>, counted);
    Object.freeze(object);
  }
  return { bytes };
}

/** What is there once, however often it occurs in a value. */
interface Counted {
  readonly names: Set<string>;
  readonly texts: Set<string>;
}

function arrayBytes(items: readonly unknown[], counted: Counted): number {
  let bytes = ARRAY + SLOT * items.length;
  for (const item of items) bytes += leafBytes(item, counted);
  return bytes;
}

function recordBytes(record: Readonly<Record<string, unknown>>, counted: Counted): number {
  const keys = Object.keys(record);
  const newKey = keys.length > MANY_KEYS ? NEW_KEY_OF_MANY : NEW_KEY;
  let bytes = OBJECT;
  let indices = 0;
  for (const key of keys) {
    bytes += leafBytes(record[key], counted);
    if (isIndex(key)) indices += 1;
    else {
      bytes += FIELD;
      if (isNew(key, keys.length, counted.names)) bytes += newKey + textBytes(key);
    }
  }
  // Keys that are indices come first, in ascending order.
  if (indices > 0) bytes += indexBytes(indices, Number(keys[indices - 1]));
  return Math.max(bytes, EMPTY_OBJECT);
}

/** Fields under indices lie in an array with holes, or in a hash table once that is less than a third of it. */
function indexBytes(count: number, last: number): number {
  const array = EMPTY_OBJECT + SLOT * (last + 1);
  const table = EMPTY_OBJECT + 72 + 36 * count;
  return array <= 3 * table ? array : table;
}

function isNew(key: string, ofKeys: number, names: Set<string>): boolean {
  if (names.has(key)) return false;
  names.add(key);
  return ofKeys > MOST_FIELDS || names.size > FREE_NAMES || ID_LIKE.test(key);
}

/** What a value takes besides the slot that holds it. Objects are counted on their own. */
function leafBytes(value: unknown, { texts }: Counted): number {
  switch (typeof value) {
    case 'string':
      if (value.length <= SHARED_TEXT) {
        if (texts.has(value)) return 0;
        texts.add(value);
      }
      return value.length < 2 ? SLOT : STRING + textBytes(value);
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 30 ? 0 : BOXED_NUMBER;
    case 'bigint':
      return STRING + value.toString(16).length;
    default:
      return 0;
  }
}

/** Text takes two bytes a character as soon as one of them is past Latin-1. */
function textBytes(text: string): number {
  // eslint-disable-next-line no-control-regex -- The range is that of one byte.
  return /[^\u0000-\u00ff]/.test(text) ? 2 * text.length : text.length;
}

function isIndex(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 && String(Number(key) >>> 0) === key;
}
