import type { MasterKey } from '../codec/encryption.ts';
import { schema, type Kind, type Refuse } from './kinds.ts';

/** A master key as an option: 32 random bytes, or the same in base64. */
export interface EncryptionKeySetting {
  /** 1 to 32 characters of a-z, 0-9, _ and -. Stored in clear beside what was encrypted. */
  readonly id: string;
  readonly secret: string | Uint8Array;
}

const SECRET_BYTES = 32;
const ID = /^[a-z0-9_-]{1,32}$/;
const ID_FORM = 'must be 1 to 32 characters of a-z, 0-9, _ and -';
const SECRET_FORM =
  'must be 32 random bytes in base64: 44 characters, without a space or a line break';
const TEXT_FORM =
  'id:base64 of 32 random bytes, several of them with a comma between and the one that encrypts first, or off';

/**
 * The keys that encrypt what is stored; none of them for `false` (as a variable `off`). The first encrypts, all
 * decrypt. No message holds anything of a key, not even its id: whoever mixes the two up has put the secret there.
 */
export const encryptionKeys: Kind<readonly MasterKey[], readonly EncryptionKeySetting[] | false> = {
  option: schema((value, refuse) => {
    if (value === false) return [];
    if (Array.isArray(value)) return readList(value, refuse);
    refuse('must be a list of { id, secret }, or false');
    return undefined;
  }),
  variable: schema((value, refuse) => {
    if (value === 'off' || value === false) return [];
    if (typeof value === 'string' && value !== '') return readList(split(value), refuse);
    refuse(`must be ${TEXT_FORM}`);
    return undefined;
  }),
  allowed: TEXT_FORM,
  show: (keys) => (keys.length === 0 ? 'off' : 'set'),
};

function split(text: string): unknown[] {
  return text.split(',').map((item) => {
    const colon = item.indexOf(':');
    return colon === -1 ? item : { id: item.slice(0, colon), secret: item.slice(colon + 1) };
  });
}

function readList(list: readonly unknown[], refuse: Refuse): MasterKey[] {
  if (list.length === 0) refuse('must hold at least one key');
  const taken = new Set<string>();
  const keys: MasterKey[] = [];
  list.forEach((item, at) => {
    if (typeof item !== 'object' || item === null) {
      refuse("must be an id and a secret: { id, secret }, as a variable 'id:base64'", [at]);
      return;
    }
    const id: unknown = Reflect.get(item, 'id');
    if (typeof id !== 'string' || !ID.test(id)) refuse(missing(item, 'id') ?? ID_FORM, [at, 'id']);
    else if (taken.has(id)) refuse('is used twice', [at, 'id']);
    else taken.add(id);
    const secret = readSecret(Reflect.get(item, 'secret'));
    if (!secret) refuse(missing(item, 'secret') ?? SECRET_FORM, [at, 'secret']);
    if (secret && typeof id === 'string') keys.push({ id, secret });
  });
  return keys;
}

/** Not set, for instance because a variable of the platform is not: that is no malformed one. */
function missing(item: object, name: 'id' | 'secret'): string | undefined {
  const value: unknown = Reflect.get(item, name);
  if (value !== undefined && value !== '') return undefined;
  return name === 'id'
    ? `is missing; it ${ID_FORM}`
    : 'is missing; `openssl rand -base64 32` makes one';
}

function readSecret(secret: unknown): Uint8Array | undefined {
  if (secret instanceof Uint8Array)
    return secret.length === SECRET_BYTES ? new Uint8Array(secret) : undefined;
  if (typeof secret !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(secret)) return undefined;
  return Uint8Array.from(atob(secret), (character) => character.charCodeAt(0));
}
