import { LoadFailed } from '../errors.ts';
import type { EntryDraft } from '../codec/entry.ts';
import type { LoadContext as EngineContext, Loaded } from '../engine/load.ts';
import type { Found } from '../engine/found.ts';
import type { Runtime } from '../runtime.ts';
import { checkOptions, keepingWith, OPTION_NAMES } from './call-options.ts';
import { valueTags } from './keys.ts';
import type { Keeping, ValueOptions } from './options.ts';
import { timesOf } from './times.ts';
import { NO_VALUE, type Packed, type ValueFace } from './value-face.ts';

/** What a loader may return instead of a value: made by the methods of its context. */
export class LoadOutcome<V> {
  readonly kind: 'not_modified' | 'skip';
  readonly value: V | undefined;

  constructor(kind: 'not_modified' | 'skip', value: V | undefined) {
    this.kind = kind;
    this.value = value;
  }
}

/** A stale value, for a loader to ask its source whether it still holds. */
export interface StaleValue<V> {
  readonly value: V;
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly tags: readonly string[];
}

/** What a loader gets. */
export interface LoaderContext<V, Input = V> {
  /** The segments of the key. */
  readonly key: readonly string[];
  /** Aborted with `LoadTimeout` at the hard timeout. */
  readonly signal: AbortSignal;
  /**
   * What is stored: no longer fresh; or fresh, where it is refreshed early or the caller wants it anew. Never something that
   * a hard purge hit.
   */
  readonly stale: StaleValue<V> | undefined;
  /** Says of this value what only its source knows. Called again, the later wins; tags add up. Throws `ConfigError`, `InvalidKey`. */
  readonly setOptions: (options: ValueOptions) => void;
  /** Return this: the stale value still holds, and is fresh from now on. Throws `LoadFailed` when there is none. */
  readonly notModified: () => LoadOutcome<Input>;
  /** Return this: the value is handed to the callers and stored nowhere. */
  readonly skip: (value: Input) => LoadOutcome<Input>;
  /** Ends the load as a failure: stale-if-error applies. Throws `LoadFailed`. */
  readonly fail: (message: string, cause?: unknown) => never;
}

/**
 * Makes a value. `undefined`: there is none, nothing is stored, and what is stored and stale ends. `null` is a value.
 */
export type Loader<V, Input = V> = (
  context: LoaderContext<V, Exclude<Input, undefined>>,
) =>
  | Input
  | LoadOutcome<Exclude<Input, undefined>>
  | Promise<Input | LoadOutcome<Exclude<Input, undefined>>>;

/** How a value of a namespace becomes an entry. */
export interface Making {
  readonly face: ValueFace;
  readonly keeping: Keeping;
  /** The tags that the namespace gives a value, as it is read; undefined where it gives none. */
  readonly tagsOf: ((value: unknown, key: readonly string[]) => readonly string[]) | undefined;
}

/** Calls a loader and makes of its answer what the engine stores. Rejects with what the loader rejects with. */
export async function runLoader(
  loader: (context: LoaderContext<unknown>) => unknown,
  key: readonly string[],
  making: Making,
  options: ValueOptions,
  begun: EngineContext,
  runtime: Runtime,
): Promise<Loaded> {
  let said = options;
  const { stale, signal } = begun;
  const context: LoaderContext<unknown> = {
    key,
    signal,
    stale: stale && (await revealStale(making.face, stale)),
    setOptions: (more) => {
      checkOptions(more, OPTION_NAMES.value);
      const tags = valueTags(said.tags ?? [], more.tags ?? []);
      said = { ...said, ...withoutUndefined(more), tags };
    },
    notModified: () => {
      if (!stale) throw new LoadFailed('notModified() needs a stale value, and there is none.');
      return new LoadOutcome('not_modified', undefined);
    },
    skip: (value) => new LoadOutcome('skip', value),
    fail: (message, cause) => {
      throw new LoadFailed(message, { cause });
    },
  };
  const answer = await loader(context);
  const saying = { options: said, key, startedAt: begun.startedAt };
  if (answer instanceof LoadOutcome && answer.kind === 'not_modified' && stale) {
    const { entry, prepared } = stale;
    const packed = { ...making.face.bytesOf(prepared, entry), prepared };
    // The tags that it has, where the source says nothing else: they are of the same value.
    const draft = draftOf(making, packed, { ...saying, tags: entry.tags }, runtime);
    return { draft, prepared, store: true };
  }
  const skipped = answer instanceof LoadOutcome;
  const value: unknown = skipped ? answer.value : answer;
  if (value === undefined) {
    const draft = draftOf(making, NO_VALUE, { ...saying, tags: [] }, runtime);
    return { draft, prepared: NO_VALUE.prepared, store: false, gone: !skipped };
  }
  const packed = await making.face.pack(value);
  const draft = draftOf(making, packed, saying, runtime);
  return { draft, prepared: packed.prepared, store: !skipped };
}

/** What is said of a value that is written or loaded now. */
export interface Saying {
  readonly options: ValueOptions;
  /** The segments of its key. */
  readonly key: readonly string[];
  /** When its load began, in milliseconds. */
  readonly startedAt: number;
  /** In place of those that the namespace gives it. */
  readonly tags?: readonly string[];
}

/** Makes the draft of a value. Throws `InvalidKey` for tags that are none. */
export function draftOf(
  { face, keeping, tagsOf }: Making,
  packed: Packed,
  { options, key, startedAt, tags }: Saying,
  runtime: Runtime,
): EntryDraft {
  const { value, form, prepared } = packed;
  const now = runtime.now();
  const kept = keepingWith(keeping, options);
  const random = kept.jitter > 0 ? runtime.random() : 0;
  const isNull = face.packsNull(packed);
  const own = tags ?? tagsOf?.(face.reveal(prepared, packed), key) ?? (tagsOf ? undefined : []);
  return {
    value,
    form,
    etag: undefined,
    createdAt: now,
    ...timesOf(kept, isNull, now, random),
    tags: valueTags(options.tags ?? [], own),
    loadMs: now - startedAt,
  };
}

async function revealStale(face: ValueFace, found: Found): Promise<StaleValue<unknown>> {
  const { entry, prepared } = found;
  const { createdAt, tags } = entry;
  return { value: await face.reveal(prepared, entry), createdAt, tags };
}

/** A member that is there and undefined says nothing. */
function withoutUndefined(options: ValueOptions): ValueOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
