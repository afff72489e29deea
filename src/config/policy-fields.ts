import * as z from 'zod';
import { schema, type Kind, type Refuse } from './kinds.ts';
import { shown } from './shown.ts';

/** What a field of a policy accepts; a problem says where inside of it. */
export type Field<Out = unknown> = Pick<Kind<Out, unknown>, 'option' | 'allowed'>;

export type Fields = Readonly<Record<string, Field>>;

/** An object of fields, each of which may be left out. */
export interface Group<Own extends Fields = Fields, Out = unknown> extends Field<Out> {
  readonly fields: Own;
}

/** What was said in an object of such fields. */
export type Said<Own extends Fields> = {
  readonly [Name in keyof Own]?: z.output<Own[Name]['option']> | undefined;
};

type Shape<Own extends Fields> = {
  readonly [Name in keyof Own]: z.ZodOptional<Own[Name]['option']>;
};

/** The members of an object that has these fields. */
export function shapeOf<const Own extends Fields>(fields: Own): Shape<Own> {
  const members = Object.entries(fields).map(([name, { option }]) => [name, option.optional()]);
  return Object.fromEntries(members) as Shape<Own>;
}

/** How an object says that it is none: `allowed` stands behind `must be`. */
export function orRefused(allowed: string) {
  return {
    error: ({ code, input }: { readonly code?: string | undefined; readonly input?: unknown }) =>
      code === 'invalid_type' ? `is ${shown(input)}, must be ${allowed}` : undefined,
  };
}

/** An object of fields. `complete` fills in what is left open, and refuses what does not go together. */
export function group<const Own extends Fields, Out>(
  fields: Own,
  complete: (said: Said<Own>, refuse: Refuse) => Out,
): Group<Own, Out> {
  const allowed = `an object of ${Object.keys(fields).join(', ')}`;
  const option = z
    .strictObject(shapeOf(fields), orRefused(allowed))
    .pipe(schema((said, refuse) => complete(said as Said<Own>, refuse)));
  return { option, allowed, fields };
}
