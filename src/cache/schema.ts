import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidValue } from '../errors.ts';

/** How a namespace checks its values. */
export interface ValueCheck {
  readonly schema: StandardSchemaV1<unknown, unknown>;
  readonly migrate: ((value: unknown) => unknown) | undefined;
}

/**
 * Checks a value and answers what the schema makes of it. Throws, or rejects with, {@link InvalidValue}.
 * Asynchronous only where the schema is.
 */
export function validate(schema: StandardSchemaV1<unknown, unknown>, value: unknown): unknown {
  const result = schema['~standard'].validate(value);
  return isThenable(result) ? Promise.resolve(result).then(accepted) : accepted(result);
}

/** Checks a stored value; one that does not fit is migrated, where there is a migration, and checked again. */
export function readStored({ schema, migrate }: ValueCheck, value: unknown): unknown {
  const repaired = (error: unknown): unknown => {
    if (!migrate || !(error instanceof InvalidValue)) throw error;
    const migrated = attempt(migrate, value);
    if (isThenable(migrated))
      throw new InvalidValue('A migration must not be asynchronous.', 'migration');
    if (migrated === undefined) throw error;
    return validate(schema, migrated);
  };
  try {
    const checked = validate(schema, value);
    return checked instanceof Promise ? checked.catch(repaired) : checked;
  } catch (error) {
    return repaired(error);
  }
}

function attempt(migrate: (value: unknown) => unknown, value: unknown): unknown {
  try {
    return migrate(value);
  } catch (cause) {
    throw new InvalidValue('The migration failed.', 'migration', { cause });
  }
}

/** Not every library's promises are the platform's. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

const SHOWN_ISSUES = 3;

function accepted(result: StandardSchemaV1.Result<unknown>): unknown {
  if (!result.issues) return result.value;
  const issues = result.issues.slice(0, SHOWN_ISSUES).map(({ message, path = [] }) => {
    const place = path
      .map((part) => `.${String(typeof part === 'object' ? part.key : part)}`)
      .join('');
    return place === '' ? message : `${place}: ${message}`;
  });
  throw new InvalidValue(`The value does not fit the schema: ${issues.join('; ')}.`);
}
