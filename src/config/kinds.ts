import * as z from 'zod';
import { formatDuration, parseDuration, type Duration } from '../cache/durations.ts';
import { shown } from './shown.ts';
import { formatSize, parseSize, type Size } from './sizes.ts';

/** What a kind of setting accepts, and how it is written. */
export interface Kind<Out, In = Out> {
  /** Reads it as an option of the library. */
  readonly option: z.ZodType<Out, In>;
  /** Reads it as a variable: text, or what the platform has parsed already. */
  readonly variable: z.ZodType<Out>;
  /** What a variable may be, as the reference says it. */
  readonly allowed: string;
  /** The value as a variable would be written. */
  show(value: Out): string;
}

/** Says what is wrong with a value, and where inside it. */
export type Refuse = (message: string, path?: PropertyKey[]) => void;

/** A schema out of a function that refuses, or gives what it has read. */
export function schema<Out, In>(
  read: (value: unknown, refuse: Refuse) => Out | undefined,
): z.ZodType<Out, In> {
  return z.custom<In>().transform((value, context): Out => {
    let refused = false;
    const out = read(value, (message, path = []) => {
      refused = true;
      context.addIssue({ code: 'custom', message, path });
    });
    return refused || out === undefined ? z.NEVER : out;
  });
}

interface Form<Out> {
  /** Behind `must be`. */
  readonly allowed: string;
  /** Undefined for what is not allowed. */
  readonly read: (value: unknown) => Out | undefined;
}

function kind<Out, In>(
  option: Form<Out>,
  show: (value: Out) => string = String,
  variable: Form<Out> = option,
): Kind<Out, In> {
  return {
    option: formSchema(option),
    variable: formSchema(variable),
    allowed: variable.allowed,
    show,
  };
}

function formSchema<Out, In>({ allowed, read }: Form<Out>): z.ZodType<Out, In> {
  return schema((value, refuse) => {
    const out = read(value);
    if (out === undefined) refuse(`is ${shown(value)}, must be ${allowed}`);
    return out;
  });
}

function within(least: number, most: number, value: number | undefined): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

/** Milliseconds, from `least` to `most` inclusive. A variable is text: there a plain number is one too. */
export function duration(least: number, most: number): Kind<number, Duration> {
  const allowed = `a duration from ${formatDuration(least)} to ${formatDuration(most)} (milliseconds, or a whole number with ms, s, m, h or d)`;
  const read = (value: unknown): number | undefined => within(least, most, parseDuration(value));
  return kind({ allowed, read }, formatDuration, {
    allowed,
    read: (value) => read(typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
  });
}

/** Seconds, from `least` to `most` inclusive: HTTP counts in whole ones. */
export function seconds(least: number, most: number): Kind<number, Duration> {
  const [from, to] = [least * 1000, most * 1000];
  const allowed = `a duration from ${formatDuration(from)} to ${formatDuration(to)} in whole seconds (milliseconds, or a whole number with ms, s, m, h or d)`;
  const read = (value: unknown): number | undefined => {
    const ms = within(from, to, parseDuration(value));
    return ms === undefined || ms % 1000 !== 0 ? undefined : ms / 1000;
  };
  return kind({ allowed, read }, (value) => formatDuration(value * 1000));
}

/** Bytes, from `least` to `most` inclusive. */
export function size(least: number, most: number): Kind<number, Size> {
  return kind(
    {
      allowed: `a size from ${formatSize(least)} to ${formatSize(most)} (bytes, or a whole number with B, KB, MB, KiB or MiB)`,
      read: (value) => within(least, most, parseSize(value)),
    },
    formatSize,
  );
}

/** A whole number from `least` to `most` inclusive. */
export function whole(least: number, most: number): Kind<number> {
  const allowed = `a whole number from ${least} to ${most}`;
  const read = (value: unknown): number | undefined =>
    Number.isSafeInteger(value) ? within(least, most, value as number) : undefined;
  return kind({ allowed, read }, String, {
    allowed,
    read: (value) => read(typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
  });
}

/** A number from 0 to `most` inclusive, fractions included. */
export function factor(most: number): Kind<number> {
  const allowed = `a number from 0 to ${most}`;
  const read = (value: unknown): number | undefined =>
    typeof value === 'number' ? within(0, most, value) : undefined;
  return kind({ allowed, read }, String, {
    allowed,
    read: (value) =>
      read(typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value),
  });
}

/** `true` or `false`; as a variable also `on` or `off`. */
export function flag(): Kind<boolean> {
  const read = (value: unknown): boolean | undefined =>
    typeof value === 'boolean' ? value : undefined;
  return kind({ allowed: 'true or false', read }, (value) => (value ? 'on' : 'off'), {
    allowed: 'on or off',
    read: (value) => (value === 'on' ? true : value === 'off' ? false : read(value)),
  });
}

/** One of some words. */
export function choice<const Word extends string>(words: readonly Word[]): Kind<Word> {
  return kind({
    allowed: `one of ${words.join(', ')}`,
    read: (value) => words.find((word) => word === value),
  });
}

/** A text of one form; `allowed` says the form in words. */
export function text(form: RegExp, allowed: string): Kind<string> {
  return kind({
    allowed,
    read: (value) => (typeof value === 'string' && form.test(value) ? value : undefined),
  });
}

/** Another kind, or off: `false` as an option, `off` as a variable. */
export function orOff<In>(inner: Kind<number, In>): Kind<number | false, In | false> {
  const door = <From>(read: z.ZodType<number, From>, off: false | 'off') =>
    schema<number | false, From | false>((value, refuse) => {
      if (value === false || value === off) return false;
      const result = read.safeParse(value);
      if (result.success) return result.data;
      for (const { message } of result.error.issues) refuse(`${message}, or ${String(off)}`);
      return undefined;
    });
  return {
    option: door(inner.option, false),
    variable: door(inner.variable, 'off'),
    allowed: `${inner.allowed}, or off`,
    show: (value) => (value === false ? 'off' : inner.show(value)),
  };
}
