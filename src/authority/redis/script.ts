import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** A script, its digest computed when it is first called. */
export class Script {
  readonly #source: string;
  readonly #variants = new Map<boolean, { readonly source: string; readonly sha: string }>();

  constructor(source: string) {
    this.#source = source;
  }

  /** The text to send, with the key-locking flag or without. */
  variant(keyLocking: boolean): { readonly source: string; readonly sha: string } {
    let variant = this.#variants.get(keyLocking);
    if (!variant) {
      const source = keyLocking ? `#!lua flags=allow-key-locking\n${this.#source}` : this.#source;
      variant = { source, sha: bytesToHex(sha1(new TextEncoder().encode(source))) };
      this.#variants.set(keyLocking, variant);
    }
    return variant;
  }
}

/** What one call of a script is given. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** Name of the entry that it writes, for the error when the call is too large. */
  readonly entry?: string;
}
