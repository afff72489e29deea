import type { NameChoice } from '../tenant/policy.ts';
import { schema, type Refuse } from './kinds.ts';
import type { Field } from './policy-fields.ts';
import { shown } from './shown.ts';
import { unknownMembers } from './problems.ts';

const MOST_NAMES = 100;
const LONGEST_NAME = 256;

/** What the names of a list are. */
export interface NameForm {
  /** In words, in the plural. */
  readonly names: string;
  /** What is wrong with a name without its trailing `*`, behind `must be`. */
  readonly form: { readonly test: RegExp; readonly allowed: string };
  /** What is wrong with a name that may stand in other lists, and with what a trailing `*` would make it stand for. */
  readonly fault?: (name: string, isPrefix: boolean) => string | undefined;
}

/** Names of a list by themselves, without a `*`. At most 100, each once. No message says a name: it may be anything. */
export function readNames(
  value: unknown,
  { names, form, fault }: NameForm,
  refuse: Refuse,
  wildcard: 'none' | 'prefix' | 'all' = 'none',
): readonly string[] {
  if (!Array.isArray(value)) {
    refuse(`is ${shown(value)}, must be a list of ${names}`);
    return [];
  }
  if (value.length > MOST_NAMES) {
    refuse(`has ${value.length} names, must have at most ${MOST_NAMES}`);
    return [];
  }
  const seen = new Set<string>();
  value.forEach((name: unknown, at) => {
    const problem =
      typeof name !== 'string'
        ? `is ${shown(name)}, must be ${form.allowed}`
        : (nameFault(name, form, wildcard) ??
          fault?.(name.replace(/\*$/, ''), name.endsWith('*')) ??
          (seen.has(name) ? 'is listed already' : undefined));
    if (problem !== undefined) refuse(problem, [at]);
    else seen.add(String(name));
  });
  return [...seen];
}

/** An object with one of `allow` and `drop`. */
export function nameChoice(allowed: NameForm, dropped: NameForm = allowed): Field<NameChoice> {
  const words = `an object with either allow or drop, a list of at most ${MOST_NAMES} ${allowed.names}; * at the end of a name stands for all that begin so`;
  return {
    allowed: words,
    option: schema((value, refuse) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        refuse(`is ${shown(value)}, must be ${words}`);
        return undefined;
      }
      const keys = Object.keys(value);
      const unknown = keys.filter((key) => key !== 'allow' && key !== 'drop');
      if (unknown.length > 0) {
        refuse(unknownMembers(unknown));
        return undefined;
      }
      if (keys.length !== 1) {
        refuse(`has ${keys.length === 0 ? 'neither' : 'both'}, must have either allow or drop`);
        return undefined;
      }
      const kind = 'allow' in value ? 'allow' : 'drop';
      const inside: Refuse = (message, path = []) => refuse(message, [kind, ...path]);
      const list: unknown = Reflect.get(value, kind);
      return kind === 'allow'
        ? { allow: readNames(list, allowed, inside, 'prefix') }
        : { drop: readNames(list, dropped, inside, 'all') };
    }),
  };
}

function nameFault(
  name: string,
  { test, allowed }: NameForm['form'],
  wildcard: 'none' | 'prefix' | 'all',
): string | undefined {
  if (name === '') return `is empty, must be ${allowed}`;
  if (name.length > LONGEST_NAME)
    return `has ${name.length} characters, must have at most ${LONGEST_NAME}`;
  const star = name.indexOf('*');
  if (star !== -1 && wildcard === 'none') return 'must not have a *: each name is listed by itself';
  if (star !== -1 && star !== name.length - 1) return 'must have * at its end only';
  if (name === '*')
    return wildcard === 'all'
      ? undefined
      : 'must not be * alone: that would allow all, as if nothing were said';
  return test.test(star === -1 ? name : name.slice(0, -1)) ? undefined : `must be ${allowed}`;
}
