import { createHash, randomBytes } from 'node:crypto';
import { keptInFile } from './kept-file.ts';

/** The bearer token that local tools use against the local Worker, and how the Worker knows it. */
export interface DevelopmentCredential {
  readonly id: string;
  /** 43 characters of base64url, 256 random bits. */
  readonly token: string;
}

const ID = 'development';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const EVENT_SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;

/** The credential kept in `file`, made on first use; see {@link keptInFile}. */
export function developmentCredential(file: string): DevelopmentCredential {
  return keptInFile(
    file,
    (value) => {
      const { id, token } = value as Partial<DevelopmentCredential>;
      return id === ID && token !== undefined && TOKEN.test(token) ? { id, token } : undefined;
    },
    () => ({ id: ID, token: randomBytes(32).toString('base64url') }),
  );
}

/** The secret that the demo origin signs its events with, `whsec_` and 256 random bits in base64, kept in `file` as the credential is. */
export function developmentEventSecret(file: string): string {
  const { secret } = keptInFile(
    file,
    (value) => {
      const kept = (value as { secret?: unknown }).secret;
      return typeof kept === 'string' && EVENT_SECRET.test(kept) ? { secret: kept } : undefined;
    },
    () => ({ secret: `whsec_${randomBytes(32).toString('base64')}` }),
  );
  return secret;
}

/** The SHA-256 of a token in hex, as CREDENTIALS lists it. */
export function sha256(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
