import type { EntryDraft } from '../codec/entry.ts';
import { freezeValue } from '../codec/frozen.ts';
import type { Serializer } from '../codec/serializer.ts';
import { InvalidValue } from '../errors.ts';
import type { Face } from '../engine/face.ts';
import { valueInvalid, type Sink } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Prepared } from '../tiers/tier.ts';
import { readStored, validate, type ValueCheck } from './schema.ts';

export interface ValueFaceOptions {
  readonly serializer: Serializer;
  readonly check: ValueCheck | undefined;
  readonly sharing: 'frozen' | 'copy';
  readonly sink: Sink;
}

/** A value as it is stored and as it is served. */
export interface Packed extends Pick<EntryDraft, 'value' | 'form'> {
  readonly prepared: Prepared;
}

const LONGEST_NULL = 64;

/** Served from its bytes, decoded anew for each caller. */
const FROM_BYTES: Prepared = { bytes: 0, value: undefined };

/** What stands for `undefined`, which is never stored. */
export const NO_VALUE: Packed = {
  value: new Uint8Array(),
  form: { type: 'value', contentType: 'application/x-empty' },
  prepared: { bytes: 1, value: undefined },
};

/**
 * Turns entries into values. Callers get what a stored value decodes to, never the object that somebody wrote: plain JSON
 * data is decoded once, deeply frozen and shared; anything else is decoded for each caller, whose own copy it is.
 */
export class ValueFace implements Face {
  readonly #options: ValueFaceOptions;

  constructor(options: ValueFaceOptions) {
    this.#options = options;
  }

  prepare(
    key: CacheKey,
    entry: EntryDraft,
    tier: string,
  ): Prepared | undefined | Promise<Prepared | undefined> {
    const useless = (error: unknown): undefined => {
      const reason = error instanceof InvalidValue ? error.reason : 'serializer';
      this.#options.sink(valueInvalid(key.tenant, key.key, tier, reason, error));
      return undefined;
    };
    try {
      const value = this.#open(entry);
      return value instanceof Promise
        ? value.then((settled) => this.#keep(settled)).catch(useless)
        : this.#keep(value);
    } catch (error) {
      return useless(error);
    }
  }

  /**
   * A value as it is stored. Throws `UnserializableValue`, and {@link InvalidValue} for one that does not fit the schema.
   * What is served is made of the bytes, so that whoever writes sees what readers will see.
   */
  async pack(value: unknown): Promise<Packed> {
    const { serializer, check } = this.#options;
    const { bytes, contentType } = serializer.serialize(value);
    const draft = { value: bytes, form: { type: 'value', contentType } } as const;
    const decoded = serializer.deserialize(bytes, contentType);
    const served = check ? await validate(check.schema, decoded) : decoded;
    return { ...draft, prepared: this.#keep(served) };
  }

  /** What a caller gets. */
  reveal({ bytes, value }: Prepared, entry: Pick<EntryDraft, 'value' | 'form'>): unknown {
    if (value instanceof Checked)
      return this.#options.serializer.deserialize(value.bytes, value.contentType);
    return bytes > 0 ? value : this.#decode(entry);
  }

  /** The same as {@link holdsNull}, of a value that has just been packed. */
  packsNull(packed: Packed): boolean {
    const { bytes, value } = packed.prepared;
    return bytes > 0 && !this.#options.check ? value === null : this.holdsNull(packed);
  }

  /** Whether the value of an entry is `null`, for which other times hold. */
  holdsNull({ value, form }: Pick<EntryDraft, 'value' | 'form'>): boolean {
    // However it is written, nothing takes little room: not worth decoding what takes more.
    if (form.type !== 'value' || value.byteLength > LONGEST_NULL) return false;
    try {
      return this.#options.serializer.deserialize(value, form.contentType) === null;
    } catch {
      return false;
    }
  }

  /** The bytes of an entry, also of one that memory holds without them. */
  bytesOf(prepared: Prepared, { value, form }: EntryDraft): Pick<EntryDraft, 'value' | 'form'> {
    if (value.byteLength > 0 || prepared.bytes === 0) return { value, form };
    const { bytes, contentType } = this.#options.serializer.serialize(prepared.value);
    return { value: bytes, form: { type: 'value', contentType } };
  }

  #decode({ value, form }: Pick<EntryDraft, 'value' | 'form'>): unknown {
    if (form.type !== 'value') throw new TypeError('The entry holds no value.');
    return this.#options.serializer.deserialize(value, form.contentType);
  }

  #open(entry: Pick<EntryDraft, 'value' | 'form'>): unknown {
    const decoded = this.#decode(entry);
    const { check } = this.#options;
    return check ? readStored(check, decoded) : decoded;
  }

  /** @param value a private copy, unless a schema has made it */
  #keep(value: unknown): Prepared {
    const { sharing, check, serializer } = this.#options;
    if (!check) {
      const frozen = sharing === 'frozen' ? freezeValue(value) : undefined;
      return frozen ? { bytes: frozen.bytes, value } : FROM_BYTES;
    }
    // What a schema makes of a value may be somebody else's object, or another one at the next check: what is served is
    // a copy of it, made once. The entry keeps what was written, which is what a schema can read.
    const { bytes, contentType } = serializer.serialize(value);
    const copy = serializer.deserialize(bytes, contentType);
    const frozen = sharing === 'frozen' ? freezeValue(copy) : undefined;
    return frozen
      ? { bytes: frozen.bytes, value: copy, needsEntry: true }
      : { bytes: bytes.byteLength, value: new Checked(bytes, contentType), needsEntry: true };
  }
}

/** What a schema has made of a value, encoded: for values that can't be shared. */
class Checked {
  readonly bytes: Uint8Array;
  readonly contentType: string;

  constructor(bytes: Uint8Array, contentType: string) {
    this.bytes = bytes;
    this.contentType = contentType;
  }
}
