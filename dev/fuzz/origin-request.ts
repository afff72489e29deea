import { canariesIn, canaryOf } from './canary.ts';

/** A request as an origin of the run got it; texts are Latin-1. */
export interface OriginRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** How many this origin had got before it. */
  readonly number: number;
}

/** The first value of a field. @param name in lower case */
export function fieldOf({ fields }: OriginRequest, name: string): string | undefined {
  return fields.find(([own]) => own.toLowerCase() === name)?.[1];
}

/** The same number for the same text, from 0 to 2^32 - 1 (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193) >>> 0;
  return hash;
}

/** What a careless application repeats of what it was told, although nobody may know from its answer that it did. */
export interface Reflection {
  /** For a field's value; undefined: nothing. */
  readonly field: string | undefined;
  /** For the body; may be empty. */
  readonly body: string;
}

const NOTHING: Reflection = { field: undefined, body: '' };

/** A word of a value, however the value is escaped. */
const WORD = /[\w.~-]+/g;

/**
 * Whatever holds a canary comes back: whole values or the words that hold it, in a field, in the body or in both, as chance (by the
 * canary) has it.
 */
export function reflectionOf({ fields, body }: OriginRequest): Reflection {
  const told = fields.filter(
    ([name, value]) =>
      // Those the gateway itself has made.
      !/^(?:host|x-forwarded-(?:host|proto|for)|via)$/i.test(name) && canariesIn(value).size > 0,
  );
  const inBody = [...canariesIn(body)].map(canaryOf);
  const first = told[0]?.[1] ?? inBody[0];
  if (first === undefined) return NOTHING;
  const way = hashOf(first);
  const whole = (way & 1) === 0;
  const values = [...told.map(([, value]) => (whole ? value : wordsOf(value))), ...inBody];
  const place = (way >>> 1) % 3;
  return {
    field: place === 0 ? undefined : values.join(', ').slice(0, 2000),
    body: place === 1 ? '' : `you said: ${values.join(' | ').slice(0, 20_000)}\n`,
  };
}

function wordsOf(value: string): string {
  return (value.match(WORD) ?? []).filter((word) => canariesIn(word).size > 0).join(' ');
}
