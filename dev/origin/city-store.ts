import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { City, Division } from './data-set.ts';
import { fold } from './fold.ts';

export interface StoredCity extends City {
  /** Unix time in milliseconds. */
  readonly updatedAt: number;
}

export interface Country {
  readonly code: string;
  readonly cities: number;
  /** Unix time in milliseconds of the newest change to one of its cities. */
  readonly updatedAt: number;
}

/** The fields of a city that may be changed. */
export interface CityChange {
  readonly name?: string;
  readonly lat?: number;
  readonly lng?: number;
}

export interface CityStore {
  /** Unix time in milliseconds. */
  readonly builtAt: number;
  readonly version: string;
  find(id: number): StoredCity | undefined;
  /** Cities with an id above `after`, by id. */
  list(filter: { country?: string; after: number; limit: number }): StoredCity[];
  /** Cities whose folded name begins with the folded text, the shortest names (the closest matches) first. */
  search(text: string, limit: number): StoredCity[];
  countries(): Country[];
  country(code: string): Country | undefined;
  count(): number;
  /** Unix time in milliseconds of the newest change to any city. */
  updatedAt(): number;
  /** Answers the city as it is afterwards, or undefined when there is none. `now`: Unix time in milliseconds. */
  change(id: number, change: CityChange, now: number): StoredCity | undefined;
}

type Row = Record<string, SQLOutputValue>;

/** Everything the origin asks of its database: one prepared statement each. */
export function createCityStore(database: DatabaseSync): CityStore {
  const find = database.prepare('SELECT * FROM cities WHERE id = ?');
  const listAll = database.prepare('SELECT * FROM cities WHERE id > ? ORDER BY id LIMIT ?');
  const listCountry = database.prepare(
    'SELECT * FROM cities WHERE country = ? AND id > ? ORDER BY id LIMIT ?',
  );
  // The inner query needs the index alone; only the rows that are answered are read from the table.
  const search = database.prepare(`
    SELECT cities.* FROM cities JOIN (
      SELECT id FROM cities WHERE folded >= ? AND folded < ? ORDER BY length(folded), folded, id LIMIT ?
    ) AS found USING (id) ORDER BY length(folded), folded, id`);
  const countries = database.prepare('SELECT * FROM countries ORDER BY code');
  const country = database.prepare('SELECT * FROM countries WHERE code = ?');
  const total = database.prepare('SELECT sum(cities) AS total FROM countries');
  const newest = database.prepare('SELECT max(updated_at) AS newest FROM countries');
  const changeCity = database.prepare(
    'UPDATE cities SET name = ?, folded = ?, lat = ?, lng = ?, updated_at = ? WHERE id = ?',
  );
  const touchCountry = database.prepare('UPDATE countries SET updated_at = ? WHERE code = ?');
  const about = database.prepare('SELECT version, built_at FROM about').get() ?? {};

  const byId = (id: number): StoredCity | undefined => {
    const row = find.get(id);
    return row === undefined ? undefined : toCity(row);
  };

  return {
    builtAt: integer(about['built_at']),
    version: String(about['version']),
    find: byId,
    list: (filter) =>
      (filter.country === undefined
        ? listAll.all(filter.after, filter.limit)
        : listCountry.all(filter.country, filter.after, filter.limit)
      ).map(toCity),
    search(text, limit) {
      const prefix = fold(text);
      return search.all(prefix, `${prefix}\u{10ffff}`, limit).map(toCity);
    },
    countries: () => countries.all().map(toCountry),
    country(code) {
      const row = country.get(code);
      return row === undefined ? undefined : toCountry(row);
    },
    count: () => integer(total.get()?.['total']),
    updatedAt: () => integer(newest.get()?.['newest']),
    change(id, change, now) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const before = byId(id);
        if (before !== undefined) {
          const { name, lat, lng } = { ...before, ...change };
          changeCity.run(name, fold(name), lat, lng, now, id);
          touchCountry.run(now, before.country);
        }
        const after = byId(id);
        database.exec('COMMIT');
        return after;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
  };
}

function toCity(row: Row): StoredCity {
  return {
    id: integer(row['id']),
    name: String(row['name']),
    country: String(row['country']),
    admin1: toDivision(row['admin1'], row['admin1_name']),
    admin2: toDivision(row['admin2'], row['admin2_name']),
    lat: Number(row['lat']),
    lng: Number(row['lng']),
    updatedAt: integer(row['updated_at']),
  };
}

function toCountry(row: Row): Country {
  return {
    code: String(row['code']),
    cities: integer(row['cities']),
    updatedAt: integer(row['updated_at']),
  };
}

function toDivision(
  code: SQLOutputValue | undefined,
  name: SQLOutputValue | undefined,
): Division | null {
  if (typeof code !== 'string') return null;
  return { code, name: typeof name === 'string' ? name : null };
}

function integer(value: SQLOutputValue | undefined): number {
  if (typeof value !== 'number') {
    throw new Error(`The city database holds ${String(value)} where a number belongs.`);
  }
  return value;
}
