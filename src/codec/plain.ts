/** The deepest nesting that is stored: far more than data has, far less than makes a recursion overflow the stack. */
export const MAX_DEPTH = 1000;

/** True for what JSON keeps as it is: no undefined, NaN, Infinity or -0. */
export function isJsonPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    default:
      return value === null;
  }
}

/** True for what can't be changed: every primitive but a symbol. */
export function isPrimitive(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value);
}

/**
 * Every object and array of a value that is plain through and through, level by level, the value itself first: object
 * literals and arrays around what `isLeaf` takes, no symbol keys, nothing referred to twice, at most {@link MAX_DEPTH}
 * levels. Undefined, as soon as anything else is met. Properties of arrays other than their elements don't count.
 */
export function plainObjects(
  root: unknown,
  isLeaf: (value: unknown) => boolean,
): ReadonlySet<object> | undefined {
  const objects = new Set<object>();
  // A set is iterated in the order of insertion, over what is added meanwhile as well.
  const isPlain = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return isLeaf(value);
    const before = objects.size;
    return objects.add(value).size > before;
  };
  if (!isPlain(root)) return undefined;
  let depth = 0;
  let seen = 0;
  let levelEnd = 0;
  for (const object of objects) {
    if (seen === levelEnd) {
      depth += 1;
      levelEnd = objects.size;
      if (depth > MAX_DEPTH) return undefined;
    }
    seen += 1;
    if (Array.isArray(object)) {
      if (Object.getPrototypeOf(object) !== Array.prototype) return undefined;
      const items: readonly unknown[] = object;
      // By index: a loop over the entries would trust the array's own iterator, and skip the length of a sparse one.
      for (let at = 0; at < items.length; at += 1) if (!isPlain(items[at])) return undefined;
    } else {
      if (Object.getPrototypeOf(object) !== Object.prototype) return undefined;
      if (Object.getOwnPropertySymbols(object).length > 0) return undefined;
      const record = object as Readonly<Record<string, unknown>>;
      for (const name of Object.keys(record)) if (!isPlain(record[name])) return undefined;
    }
  }
  return objects;
}
