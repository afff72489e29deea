import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * What is kept as JSON in `file` (mode 0600), made on first use, so that it survives restarts. A file that holds none is
 * replaced. Two launchers that make it at the same time get the same one.
 *
 * @param read what was kept, or undefined when the parsed JSON holds none
 */
export function keptInFile<Kept>(
  file: string,
  read: (value: unknown) => Kept | undefined,
  make: () => Kept,
): Kept {
  const kept = readKept(file, read);
  if (kept !== undefined) return kept;
  mkdirSync(dirname(file), { recursive: true });
  const made = make();
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  try {
    if (readKept(file, read) === undefined) rmSync(file, { force: true });
    // Unlike a rename, a link never replaces what another launcher has just made.
    linkSync(temporary, file);
    return made;
  } catch (error) {
    const theirs = readKept(file, read);
    if (theirs === undefined) throw error;
    return theirs;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function readKept<Kept>(
  file: string,
  read: (value: unknown) => Kept | undefined,
): Kept | undefined {
  try {
    return read(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
