import { DevalueError, parse, stringify } from 'devalue';
import { UnserializableValue } from '../errors.ts';
import { isJsonPrimitive, MAX_DEPTH, plainObjects } from './plain.ts';
import { parseOperations, stringifyOperations } from './rich.ts';
import { describeUnserializable } from './unserializable.ts';

/** Values as bytes. Pluggable: one of your own may use any content type. */
export interface Serializer {
  /** Throws {@link UnserializableValue}. The bytes share no memory with the value. */
  serialize(value: unknown): { readonly contentType: string; readonly bytes: Uint8Array };
  /** Throws on bytes that it can't read. The value shares no memory with the bytes. */
  deserialize(bytes: Uint8Array, contentType: string): unknown;
}

const JSON_TYPE = 'application/json';
const BYTES_TYPE = 'application/octet-stream';
const RICH_TYPE = 'application/vnd.tiercel.devalue';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Keeps what structured data is made of: Date, Map, Set, BigInt, RegExp, URL, typed arrays, ArrayBuffer, undefined
 * fields, holes, NaN, Infinity, -0, cycles and shared references, keys of any name. A Uint8Array is stored as it is,
 * plain JSON data as JSON, everything else in the format of the library devalue. Of a view on a larger buffer, only the
 * part that it shows is kept; properties of an array besides its elements are not.
 */
export const defaultSerializer: Serializer = {
  serialize(value) {
    if (isBytes(value)) return { contentType: BYTES_TYPE, bytes: new Uint8Array(value) };
    try {
      if (plainObjects(value, isJsonPrimitive))
        return { contentType: JSON_TYPE, bytes: encoder.encode(JSON.stringify(value)) };
      const text = stringify(value, {}, { operations: stringifyOperations() });
      return { contentType: RICH_TYPE, bytes: encoder.encode(text) };
    } catch (cause) {
      throw refusal(cause);
    }
  },

  deserialize(bytes, contentType) {
    switch (contentType) {
      case BYTES_TYPE:
        return new Uint8Array(bytes);
      case JSON_TYPE:
        return JSON.parse(decoder.decode(bytes)) as unknown;
      case RICH_TYPE:
        return parse(decoder.decode(bytes), {}, { operations: parseOperations }) as unknown;
      default:
        throw new TypeError(`The content type '${contentType}' is none of the serializer's.`);
    }
  },
};

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function refusal(cause: unknown): UnserializableValue {
  if (cause instanceof UnserializableValue) return cause;
  if (cause instanceof DevalueError)
    return new UnserializableValue(cause.path, describeUnserializable(cause.value), { cause });
  // Whatever a getter, a proxy or the engine's own limits throw.
  return cause instanceof RangeError
    ? new UnserializableValue(
        '',
        `it is too large, or nested too deeply (${MAX_DEPTH} levels at most)`,
        { cause },
      )
    : new UnserializableValue('', 'reading it failed', { cause });
}
