/** What a value is that no serializer can write, and what to do instead, for the message of an error. */
export function describeUnserializable(value: unknown): string {
  if (typeof value === 'function') return 'it is a function';
  if (typeof value === 'symbol') return 'it is a symbol';
  if (typeof value !== 'object' || value === null) return `it is of type ${typeof value}`;
  if (typeof (value as { then?: unknown }).then === 'function')
    return 'it is a promise; await it and return what it resolves to';
  const name = className(value);
  switch (name) {
    case 'Response':
    case 'Request':
      return `it is a ${name}, which can be read only once; return its content, for instance 'await response.json()'`;
    case 'ReadableStream':
      return 'it is a stream, which can be read only once; return its content';
    case 'Blob':
    case 'File':
      return `it is a ${name}; return its content, for instance 'new Uint8Array(await blob.arrayBuffer())'`;
    case 'WeakMap':
    case 'WeakSet':
    case 'WeakRef':
      return `it is a ${name}, whose content can't be listed`;
    case 'Object':
      return 'it is an object with symbols for keys, or with a prototype of its own';
    default:
      return `it is an instance of ${name}; turn it into plain data first`;
  }
}

function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return 'Object';
  const name: unknown = (prototype as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'an unnamed class';
}
