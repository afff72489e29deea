import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The bearer token that local tools use against the local Worker, and how the Worker knows it. */
export interface DevelopmentCredential {
  readonly id: string;
  /** 43 characters of base64url, 256 random bits. */
  readonly token: string;
}

const ID = 'development';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * The credential kept in `file` (mode 0600), made on first use, so that it survives restarts. A file
 * that holds none is replaced. Two launchers that make it at the same time get the same one.
 */
export function developmentCredential(file: string): DevelopmentCredential {
  const kept = read(file);
  if (kept !== undefined) return kept;
  mkdirSync(dirname(file), { recursive: true });
  const made = { id: ID, token: randomBytes(32).toString('base64url') };
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  try {
    if (read(file) === undefined) rmSync(file, { force: true });
    // Unlike a rename, a link never replaces what another launcher has just made.
    linkSync(temporary, file);
    return made;
  } catch (error) {
    const theirs = read(file);
    if (theirs === undefined) throw error;
    return theirs;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The SHA-256 of a token in hex, as CREDENTIALS lists it. */
export function sha256(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function read(file: string): DevelopmentCredential | undefined {
  try {
    const { id, token } = JSON.parse(readFileSync(file, 'utf8')) as Partial<DevelopmentCredential>;
    return id === ID && token !== undefined && TOKEN.test(token) ? { id, token } : undefined;
  } catch {
    return undefined;
  }
}
