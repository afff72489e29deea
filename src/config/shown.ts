/** A setting is never so long; what is may be a secret in the wrong place. */
const LONGEST = 32;

/** A value as a message may say it. Of values of secret settings a message says nothing at all. */
export function shown(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'undefined':
      return 'missing';
    case 'string':
      return value.length <= LONGEST && /^[\x20-\x7e]*$/.test(value)
        ? `'${value}'`
        : `a text of ${value.length} characters`;
    case 'number':
    case 'boolean':
      return String(value);
    case 'function':
      return 'a function';
    case 'object':
      return 'an object';
    default:
      return `a ${typeof value}`;
  }
}
