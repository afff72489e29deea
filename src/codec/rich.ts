import type { ParseOperations, StringifyOperations } from 'devalue';
import { UnserializableValue } from '../errors.ts';
import { MAX_DEPTH } from './plain.ts';

/*
 * Where we are stricter than devalue, or keep what it refuses: instances of subclasses are refused, because they would
 * come back as their base class; a view on part of a buffer takes only that part along, because the rest may be anybody's;
 * `__proto__` as a key is written with a `~` in front; nesting is bounded, so that no recursion overflows the stack.
 */

/** How devalue is to look at one value. Counts its levels: not to be used for another. */
export function stringifyOperations(): Partial<StringifyOperations> {
  const depths = new Map<object, number>();

  function below<Value>(parent: object, child: Value): Value {
    if (typeof child !== 'object' || child === null || depths.has(child)) return child;
    const depth = (depths.get(parent) ?? 1) + 1;
    if (depth > MAX_DEPTH)
      throw new UnserializableValue('', `it is nested deeper than ${MAX_DEPTH} levels`);
    depths.set(child, depth);
    return child;
  }

  return {
    tagOf,
    shapeOf,
    viewInfo,
    get: (parent: Readonly<Record<string | number, unknown>>, key) =>
      below(parent, parent[typeof key === 'string' ? plainName(key) : key]),
    *valuesOf(set: ReadonlySet<unknown>) {
      for (const value of set) yield below(set, value);
    },
    *entriesOf(map: ReadonlyMap<unknown, unknown>): Iterable<[unknown, unknown]> {
      for (const [key, value] of map) yield [below(map, key), below(map, value)];
    },
  };
}

/** How devalue is to build objects. */
export const parseOperations: Partial<ParseOperations> = {
  set(target: Record<string | number, unknown>, key, value: unknown) {
    if (typeof key === 'string' && isProtoLike(key))
      Object.defineProperty(target, plainName(key), {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    else target[key] = value;
  },
};

/** The name of the built-in type, of its own instances only. */
function tagOf(value: object): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  // A Buffer of Node is data as well, and comes back as a Uint8Array.
  if (ArrayBuffer.isView(value) || tag.startsWith('Temporal.')) return tag;
  const type: unknown = Reflect.get(globalThis, tag);
  const isOwn = typeof type === 'function' && type.prototype === Object.getPrototypeOf(value);
  return isOwn ? tag : 'Object';
}

function shapeOf(value: object): ReturnType<StringifyOperations['shapeOf']> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return { kind: 'not-plain' };
  const isEnumerable = (key: symbol) => Object.prototype.propertyIsEnumerable.call(value, key);
  if (Object.getOwnPropertySymbols(value).some(isEnumerable)) return { kind: 'symbol-keys' };
  return {
    kind: prototype === null ? 'null-proto' : 'plain',
    keys: Object.keys(value).map(safeName),
  };
}

function viewInfo(view: ArrayBufferView): ReturnType<StringifyOperations['viewInfo']> {
  const { buffer, byteOffset, byteLength } = view;
  const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return {
    buffer: isWhole
      ? buffer
      : new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer,
    byteOffset: 0,
    byteLength,
    bufferByteLength: byteLength,
  };
}

function isProtoLike(key: string): boolean {
  return key.endsWith('__proto__') && /^~*__proto__$/.test(key);
}

function safeName(name: string): string {
  return isProtoLike(name) ? `~${name}` : name;
}

function plainName(name: string): string {
  return name.startsWith('~') && isProtoLike(name) ? name.slice(1) : name;
}
