import type { ManySource, Wanted } from '../engine/load-many.ts';
import type { Loaded } from '../engine/load.ts';
import { LoadFailed } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import { encodeKey, type KeyInput } from '../tenant/segments.ts';
import { segmentsOf } from './keys.ts';
import { draftOf, type Making } from './loader.ts';
import type { ManyLoader } from './namespace.ts';
import type { ValueOptions } from './options.ts';

/** Makes of a loader of many values what the engine calls. */
export function runManyLoader(
  loader: ManyLoader<unknown>,
  inputOf: (key: CacheKey) => KeyInput,
  making: Making,
  options: ValueOptions,
  runtime: Runtime,
): ManySource['load'] {
  return async (wanted, { signal, startedAt }) => {
    const inputs = wanted.map(({ key }) => inputOf(key));
    const stale = await Promise.all(wanted.map((one) => revealStale(making, one)));
    const answer = await loader(inputs, { signal, stale });
    if (!Array.isArray(answer) && !(answer instanceof Map))
      throw new LoadFailed('The loader must answer a list of values, or a Map by key.');
    if (Array.isArray(answer) && answer.length !== inputs.length)
      throw new LoadFailed(
        `The loader was asked for ${inputs.length} values and answered ${answer.length}.`,
      );
    const values: readonly unknown[] =
      answer instanceof Map ? byKey(answer, inputs) : (answer as readonly unknown[]);
    return Promise.all(
      values.map(async (value, at): Promise<Loaded | undefined> => {
        if (value === undefined) return undefined;
        const packed = await making.face.pack(value);
        const segments = segmentsOf(inputs[at] ?? '');
        const saying = { options, key: segments, startedAt };
        const draft = draftOf(making, packed, saying, runtime);
        return { draft, prepared: packed.prepared, store: true };
      }),
    );
  };
}

async function revealStale({ face }: Making, { stale }: Wanted): Promise<unknown> {
  return stale && face.reveal(stale.prepared, stale.entry);
}

/** Values by key, however the key is written: `'a:b'` and `['a', 'b']` are one. */
function byKey(answer: ReadonlyMap<KeyInput, unknown>, inputs: readonly KeyInput[]): unknown[] {
  const values = new Map([...answer].map(([key, value]) => [encodeKey(key), value]));
  return inputs.map((input) => values.get(encodeKey(input)));
}
