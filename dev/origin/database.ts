import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { applicationId, buildDatabase, databaseVersion } from './build-database.ts';
import { type DataSet, geonames } from './data-set.ts';

/** The database cannot be opened or built; the message is one sentence for people. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** How long a second process waits while a first one builds. Building takes seconds. */
const buildWaitMs = 120_000;
/** How long a statement waits for another process that writes. */
const busyTimeoutMs = 5_000;

/**
 * Opens the database of cities, and builds it first when the file is missing or of another version of the data set.
 * Several processes may call this at once: one builds, the others wait for it and use its file. A build appears whole
 * or not at all. Blocks the event loop while it builds (a few seconds for the whole set).
 *
 * @param onProgress gets lines for people, with the percentage and at the end the time it took; none when nothing is built.
 * @throws DatabaseUnavailable when the file is something else, or cannot be written.
 */
export function openDatabase(
  file: string,
  onProgress: (line: string) => void = () => {},
  dataSet: DataSet = geonames(),
): DatabaseSync {
  try {
    if (!isCurrent(file, dataSet)) {
      mkdirSync(dirname(file), { recursive: true });
      const release = lockForBuilding(file, onProgress);
      try {
        // Another process may have built it while this one waited for the lock.
        if (!isCurrent(file, dataSet)) buildDatabase(file, dataSet, onProgress);
      } finally {
        release();
      }
    }
    return new DatabaseSync(file, { timeout: busyTimeoutMs });
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatabaseUnavailable(`The city database ${file} cannot be opened: ${reason}.`, {
      cause: error,
    });
  }
}

function isCurrent(file: string, dataSet: DataSet): boolean {
  if (!existsSync(file) || statSync(file).size === 0) return false;
  try {
    // Not read-only: what a crash left half-written in its journal is rolled back by opening it.
    const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    try {
      if (database.prepare('PRAGMA application_id').get()?.['application_id'] === applicationId) {
        const about = database.prepare('SELECT version FROM about').get();
        return about?.['version'] === databaseVersion(dataSet);
      }
    } finally {
      database.close();
    }
  } catch (cause) {
    throw notOurs(file, cause);
  }
  throw notOurs(file);
}

function notOurs(file: string, cause?: unknown): DatabaseUnavailable {
  return new DatabaseUnavailable(
    `${file} is not a city database of the demo origin, so it is left as it is: delete it or name another file.`,
    { cause },
  );
}

/**
 * A SQLite lock on a file of its own: the system gives it back when its holder dies, so no stale lock can ever
 * stand in the way. The empty lock file stays, because removing it would let two processes hold "the" lock.
 */
function lockForBuilding(file: string, onProgress: (line: string) => void): () => void {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    if (!isBusy(error)) throw error;
    onProgress('Another process is building the city database: waiting for it.');
    lock.exec(`PRAGMA busy_timeout = ${buildWaitMs}`);
    lock.exec('BEGIN EXCLUSIVE');
  }
  return () => {
    lock.close();
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}
