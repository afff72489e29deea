import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { City, DataSet } from './data-set.ts';
import { fold } from './fold.ts';

/** Marks a SQLite file as a database of this origin ("TcOr"), so that no other file is ever overwritten. */
export const applicationId = 0x54634f72;
/** Raise it when a table or what is stored in it changes. */
export const schemaVersion = 2;

/**
 * When a row that nobody has changed was changed last. Fixed, so that its answer has the same bytes and the same entity
 * tag on every machine.
 */
const DATA_SET_DATE = Date.UTC(2026, 0, 1);

/** What must be equal for a database to be used as it is. */
export function databaseVersion(dataSet: DataSet): string {
  return `${dataSet.version}/${schemaVersion}`;
}

/**
 * Builds the database beside `file` and moves it there in one step, so that nobody ever sees half of it. The caller
 * holds the build lock: the temporary name is a fixed one, and what a killed build has left is overwritten.
 */
export function buildDatabase(
  file: string,
  dataSet: DataSet,
  onProgress: (line: string) => void,
): void {
  const started = performance.now();
  onProgress('Building the city database from GeoNames: reading the data set.');
  const cities = dataSet.cities();

  const temporary = `${file}.building`;
  rmSync(temporary, { force: true });
  const database = new DatabaseSync(temporary);
  try {
    // A crash loses only the temporary file, so nothing here needs a journal.
    database.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      PRAGMA application_id = ${applicationId};
      CREATE TABLE about (version TEXT NOT NULL, built_at INTEGER NOT NULL) STRICT;
      CREATE TABLE cities (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        folded TEXT NOT NULL,
        country TEXT NOT NULL,
        admin1 TEXT, admin1_name TEXT,
        admin2 TEXT, admin2_name TEXT,
        lat REAL NOT NULL,
        lng REAL NOT NULL,
        updated_at INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE countries (
        code TEXT PRIMARY KEY,
        cities INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      BEGIN;
    `);
    insertCities(database, cities, DATA_SET_DATE, onProgress);
    database
      .prepare('INSERT INTO about (version, built_at) VALUES (?, ?)')
      .run(databaseVersion(dataSet), DATA_SET_DATE);
    // An index carries the row id, so (country) also orders a country's cities by id.
    database.exec(`
      INSERT INTO countries SELECT country, count(*), max(updated_at) FROM cities GROUP BY country;
      CREATE INDEX cities_by_country ON cities (country);
      CREATE INDEX cities_by_folded ON cities (folded);
      COMMIT;
      ANALYZE;
    `);
    database.close();
    flushToDisk(temporary);
    renameSync(temporary, file);
  } catch (error) {
    if (database.isOpen) database.close();
    rmSync(temporary, { force: true });
    throw error;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  onProgress(`City database ready: ${cities.length.toLocaleString('en')} cities in ${seconds} s.`);
}

function insertCities(
  database: DatabaseSync,
  cities: readonly City[],
  builtAt: number,
  onProgress: (line: string) => void,
): void {
  const insert = database.prepare('INSERT INTO cities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  let percent = 0;
  for (const [index, { id, name, country, admin1, admin2, lat, lng }] of cities.entries()) {
    insert.run(
      id,
      name,
      fold(name),
      country,
      admin1?.code ?? null,
      admin1?.name ?? null,
      admin2?.code ?? null,
      admin2?.name ?? null,
      lat,
      lng,
      builtAt,
    );
    const done = Math.floor((10 * (index + 1)) / cities.length) * 10;
    if (done > percent) {
      percent = done;
      onProgress(`Building the city database from GeoNames: ${percent} %.`);
    }
  }
}

function flushToDisk(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
