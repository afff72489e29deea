import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { FlagError } from './flag-error.ts';

/** The value of a flag that takes a whole number. Throws {@link FlagError} when it is none from `low` to `high`. */
export function whole(flag: string, text: string, low: number, high: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw new FlagError(`${flag} is "${text}": a whole number from ${low} to ${high} is allowed.`);
}

/** The value of a flag that takes one of a few words. Throws {@link FlagError} when it is another. */
export function oneOf<Word extends string>(
  flag: string,
  text: string,
  words: readonly Word[],
): Word {
  const word = words.find((allowed) => allowed === text);
  if (word !== undefined) return word;
  throw new FlagError(`${flag} is "${text}": ${words.join(' or ')} is allowed.`);
}

/** The value of a flag that takes the name of a JSON file. Throws {@link FlagError} when it is no such name. */
export function jsonFile(flag: string, text: string): string {
  if (/[^/\\]\.json$/i.test(text)) return text;
  throw new FlagError(`${flag} is "${text}": a file whose name ends in .json is allowed.`);
}

/**
 * Makes sure, before any work, that the files can be written. Throws {@link FlagError}.
 * @param text the value of the flag that they follow from
 * @param makeFolder true: their folder is made
 */
export function ensureWritable(
  flag: string,
  text: string,
  files: readonly string[],
  makeFolder: boolean,
): void {
  for (const file of files) {
    try {
      if (makeFolder) mkdirSync(dirname(file), { recursive: true });
      closeSync(openSync(file, 'a'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new FlagError(`${flag} is "${text}", but ${file} cannot be written: ${reason}.`, {
        cause: error,
      });
    }
  }
}
