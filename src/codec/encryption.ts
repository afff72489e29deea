import { LRUCache } from 'lru-cache';
import { ConfigError, InvalidFrame, type ConfigProblem } from '../errors.ts';
import type { TenantId } from '../tenant/tenant-id.ts';

/** A master key and the name under which frames refer to it. */
export interface MasterKey {
  /** 1 to 32 characters of A-Z, a-z, 0-9, `.`, `_` and `-`. Stored in clear in every frame. */
  readonly id: string;
  /** 32 bytes from a good source of randomness: never a password. */
  readonly secret: Uint8Array;
}

/** A message under one of the keys. */
export interface Sealed {
  readonly keyId: string;
  /** 12 bytes. */
  readonly nonce: Uint8Array<ArrayBuffer>;
  /** Ciphertext and, behind it, the tag of 16 bytes. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Bytes of the nonce: the length for which AES-GCM is specified without a further hash (NIST SP 800-38D, section 5.2.1.1). */
export const NONCE_BYTES = 12;
const SECRET_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9._-]{1,32}$/;
/** Derived keys that are kept. One more costs a derivation, well under a millisecond. */
const MAX_DERIVED = 256;
/** Domain of the derived keys. Another use of the same master key would have another label. */
const INFO = 'tiercel frame v1 AES-256-GCM\0';

// Not by its name: where Node's types are loaded, that is a value only.
type TenantKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const encoder = new TextEncoder();

/**
 * AES-256-GCM with a key of its own for each tenant, derived with HKDF-SHA-256 (RFC 5869) from a master key. The salt
 * is empty, which RFC 5869 (section 2.2) defines as 32 zero bytes: the master key is uniformly random, so extraction
 * has nothing to even out. `info` is a fixed label and the tenant.
 *
 * The first key encrypts, all of them decrypt. To rotate: add the new key behind the old one everywhere, then put it
 * first, and drop the old one once nothing lives any more that was written under it.
 *
 * Nonces are random, so one tenant and key may see at most 2^32 messages (NIST SP 800-38D, section 8.3).
 */
export class Keyring {
  readonly #keys: readonly MasterKey[];
  readonly #derived = new LRUCache<string, TenantKey>({ max: MAX_DERIVED });
  readonly #nonce: () => Uint8Array<ArrayBuffer>;

  private constructor(keys: readonly MasterKey[], nonce: () => Uint8Array<ArrayBuffer>) {
    this.#keys = keys;
    this.#nonce = nonce;
  }

  /**
   * Throws {@link ConfigError}, which never shows a secret, when there is no key, or one with a malformed or repeated
   * id or a secret of another length than 32 bytes. `nonce` gives 12 fresh bytes at each call; it is for tests: a
   * nonce that is used twice under one key gives both messages away.
   */
  static from(
    keys: readonly MasterKey[],
    nonce: () => Uint8Array<ArrayBuffer> = randomNonce,
  ): Keyring {
    const problems = findProblems(keys);
    if (problems.length > 0) throw new ConfigError(problems);
    return new Keyring(
      keys.map(({ id, secret }) => ({ id, secret: new Uint8Array(secret) })),
      nonce,
    );
  }

  /** The id of the key that encrypts. */
  get currentId(): string {
    return this.#keys[0]?.id ?? '';
  }

  /** Encrypts under the first key. `aad` gets the key's id, which it has to cover. */
  async seal(
    tenant: TenantId,
    plain: Uint8Array<ArrayBuffer>,
    aad: Uint8Array<ArrayBuffer>,
  ): Promise<Sealed> {
    const keyId = this.currentId;
    const key = await this.#derive(tenant, keyId);
    const nonce = this.#nonce();
    const body = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: nonce, additionalData: aad },
      key,
      plain,
    );
    return { keyId, nonce, body: new Uint8Array(body) };
  }

  /** Decrypts. Rejects with {@link InvalidFrame}: `key_id` for a key that is not on the ring, `decryption` for anything else. */
  async open(
    tenant: TenantId,
    { keyId, nonce, body }: Sealed,
    aad: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const key = await this.#derive(tenant, keyId);
    try {
      return new Uint8Array(
        await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce, additionalData: aad }, key, body),
      );
    } catch (cause) {
      throw new InvalidFrame('decryption', { cause });
    }
  }

  // Keeps keys, not promises of keys: a promise belongs to the request that made it, and may never settle for others.
  async #derive(tenant: TenantId, keyId: string): Promise<TenantKey> {
    const cacheKey = `${keyId}:${tenant}`;
    const known = this.#derived.get(cacheKey);
    if (known) return known;
    const master = this.#keys.find(({ id }) => id === keyId);
    if (!master) throw new InvalidFrame('key_id');
    const base = await crypto.subtle.importKey(
      'raw',
      new Uint8Array(master.secret),
      'HKDF',
      false,
      ['deriveKey'],
    );
    const key = await crypto.subtle.deriveKey(
      {
        name: 'HKDF',
        hash: 'SHA-256',
        salt: new Uint8Array(0),
        info: encoder.encode(INFO + tenant),
      },
      base,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    );
    this.#derived.set(cacheKey, key);
    return key;
  }
}

function findProblems(keys: readonly MasterKey[]): ConfigProblem[] {
  if (keys.length === 0)
    return [{ field: 'keys', message: 'There must be at least one encryption key.' }];
  const seen = new Set<string>();
  return keys.flatMap(({ id, secret }, at): ConfigProblem[] => {
    const problems: ConfigProblem[] = [];
    if (!KEY_ID.test(id))
      problems.push({
        field: `keys[${at}].id`,
        message: 'The id of a key must be 1 to 32 characters of A-Z, a-z, 0-9, ., _ and -.',
      });
    else if (seen.has(id))
      problems.push({ field: `keys[${at}].id`, message: `There are two keys of the id '${id}'.` });
    if (secret.byteLength !== SECRET_BYTES)
      problems.push({
        field: `keys[${at}].secret`,
        message: `An encryption key must be ${SECRET_BYTES} bytes, not ${secret.byteLength}.`,
      });
    seen.add(id);
    return problems;
  });
}

function randomNonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}
