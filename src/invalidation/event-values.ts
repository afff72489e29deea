import { MAX_TARGETS_PER_EVENT } from './allowance.ts';
import { EventFault } from './event-fault.ts';

/** The longest value that is filled in, in characters. */
const MAX_VALUE = 4096;

/**
 * What an event's data holds in a field (`city.id`), as text: one value, or those of a list. Throws {@link EventFault} for
 * what is no value.
 */
export function valuesOf(data: unknown, field: string): readonly string[] {
  let value = data;
  for (const name of field.split('.')) {
    const holds = typeof value === 'object' && value !== null && !Array.isArray(value);
    value =
      holds && Object.hasOwn(value as object, name)
        ? Reflect.get(value as object, name)
        : undefined;
  }
  if (value === undefined || value === null)
    throw new EventFault(`The field '${field}' is missing.`);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > MAX_TARGETS_PER_EVENT) throw tooMany(field);
  return values.map((one) => textOf(one, field));
}

/** The fault of a field whose list is too long, alone or beside another one's. */
export const tooMany = (field: string): EventFault =>
  new EventFault(
    `The field '${field}' makes more than ${MAX_TARGETS_PER_EVENT} targets of one event.`,
  );

function textOf(value: unknown, field: string): string {
  switch (typeof value) {
    case 'string':
      // An empty one would leave of a path what is above it.
      if (value === '') throw new EventFault(`The field '${field}' is empty.`);
      if (value.length > MAX_VALUE)
        throw new EventFault(`The field '${field}' is longer than ${MAX_VALUE} characters.`);
      if (!value.isWellFormed())
        throw new EventFault(`The field '${field}' holds a lone surrogate.`);
      return value;
    case 'number':
      // Past that JSON has lost digits already: it would name something else.
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        throw new EventFault(
          `The field '${field}' is a number too large to be exact; send it as a text.`,
        );
      if (Number.isFinite(value)) return String(value);
      break;
    case 'boolean':
      return String(value);
    default:
  }
  throw new EventFault(
    `The field '${field}' must be a text, a finite number, true or false, or a list of these.`,
  );
}
