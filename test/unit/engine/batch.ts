import type { ManySource } from '../../../src/engine/load-many.ts';
import { lookupMany } from '../../../src/engine/lookup-many.ts';
import { obtainMany } from '../../../src/engine/obtain-many.ts';
import type { CacheKey } from '../../../src/tenant/key.ts';
import { acme, draftOf, keys, PLAIN, preparedText, textFace } from './world.ts';
import type { Isolate, Making } from './world.ts';

/** The keys of a batch by their last segment. */
export const named = (names: readonly string[]): CacheKey[] =>
  names.map((name) => keys.key(acme, `n:users:${name}`));

export const nameOf = ({ key }: CacheKey): string => key.slice('n:users:'.length);

/** Texts in the order of the names; undefined where there is none. */
export type BatchLoader = (
  names: readonly string[],
  signal: AbortSignal,
) => readonly (string | undefined)[] | Promise<readonly (string | undefined)[]>;

export async function obtainAll(
  here: Isolate,
  names: readonly string[],
  load: BatchLoader,
  making: Making = {},
): Promise<(string | undefined)[]> {
  const source: ManySource = {
    face: textFace,
    policy: { ...PLAIN, ...making.policy },
    load: async (wanted, { signal, startedAt }) => {
      const texts = await load(
        wanted.map(({ key }) => nameOf(key)),
        signal,
      );
      const now = here.runtime.now();
      return texts.map((text) =>
        text === undefined
          ? undefined
          : {
              draft: draftOf(now, text, making, now - startedAt),
              prepared: preparedText(text),
              store: true,
            },
      );
    },
  };
  const obtained = await obtainMany(here.parts, acme, named(names), source, here.runtime);
  return obtained.map((one) => one?.prepared.value as string | undefined);
}

/** What a lookup of many finds: its text, or why there is none. */
export async function lookAll(here: Isolate, names: readonly string[]): Promise<string[]> {
  const found = await lookupMany(here.parts, acme, named(names), textFace, here.runtime);
  return found.map((one) => (one.found ? (one.prepared.value as string) : one.reason));
}

/** A loader that notes its calls; each text is the name behind `mark`. */
export function noting(mark = ''): { readonly load: BatchLoader; readonly calls: string[][] } {
  const calls: string[][] = [];
  return {
    calls,
    load: (names) => {
      calls.push([...names]);
      return names.map((name) => mark + name);
    },
  };
}
