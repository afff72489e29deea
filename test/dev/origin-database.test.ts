import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCityStore } from '../../dev/origin/city-store.ts';
import { geonames } from '../../dev/origin/data-set.ts';
import { DatabaseUnavailable, openDatabase } from '../../dev/origin/database.ts';
import { fold } from '../../dev/origin/fold.ts';
import { smallDataSet, temporaryFolder } from './origin-fixture.ts';

let folder: ReturnType<typeof temporaryFolder>;
let file: string;

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder.path, 'deep', 'cities.sqlite');
});

afterEach(() => folder.remove());

describe('the whole data set', () => {
  it('holds 171,075 cities, each at its position', () => {
    const lines: string[] = [];
    const database = openDatabase(file, (line) => lines.push(line));
    const store = createCityStore(database);

    expect(store.count()).toBe(171_075);
    expect(store.find(1)).toMatchObject({ name: 'Vila', country: 'AD' });
    expect(store.find(171_075)).toMatchObject({ name: 'Mhangura Mine', country: 'ZW' });
    expect(store.find(171_076)).toBeUndefined();
    expect(store.find(22_879)).toMatchObject({
      name: 'Bern',
      country: 'CH',
      admin1: { code: 'BE', name: 'Bern' },
      lat: 46.94809,
    });
    const matches = store.search('ber', 100).map(({ name }) => name);
    expect(matches).toEqual(expect.arrayContaining(['Bern', 'Berlin', 'Berat']));
    expect(store.search('lodz', 5).map(({ name }) => name)).toContain('Łódź');

    expect(lines).toContain('Building the city database from GeoNames: 50 %.');
    expect(lines.at(-1)).toMatch(/^City database ready: 171,075 cities in \d+\.\d s\.$/);
    database.close();
  });

  it('answers lists and searches from an index', () => {
    const database = openDatabase(file, undefined, smallDataSet);
    const plan = (sql: string) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => row['detail']);

    expect(
      plan(`SELECT * FROM cities WHERE country = 'AD' AND id > 5 ORDER BY id LIMIT 3`),
    ).toEqual(['SEARCH cities USING INDEX cities_by_country (country=? AND rowid>?)']);
    expect(plan(`SELECT id FROM cities WHERE folded >= 'b' AND folded < 'c'`)).toEqual([
      'SEARCH cities USING COVERING INDEX cities_by_folded (folded>? AND folded<?)',
    ]);
    database.close();
  });
});

describe('a change', () => {
  it('dates the city, its country and the whole, and moves it in the search', () => {
    const database = openDatabase(file, undefined, smallDataSet);
    const store = createCityStore(database);
    const now = store.builtAt + 5_000;
    expect(store.change(1, { name: 'Éverywhere' }, now)).toMatchObject({
      name: 'Éverywhere',
      lat: 42.53176,
      updatedAt: now,
    });
    expect(store.country('AD')?.updatedAt).toBe(now);
    expect(store.country('LI')?.updatedAt).toBe(store.builtAt);
    expect(store.updatedAt()).toBe(now);
    expect(store.search('every', 5).map(({ id }) => id)).toEqual([1]);
    expect(store.change(171_076, { lat: 0 }, now)).toBeUndefined();
    database.close();
  });
});

describe('building', () => {
  it('happens once: a second opening keeps what was changed', () => {
    const first = openDatabase(file, undefined, smallDataSet);
    createCityStore(first).change(1, { name: 'Changed' }, Date.now());
    first.close();

    const lines: string[] = [];
    const second = openDatabase(file, (line) => lines.push(line), smallDataSet);
    expect(createCityStore(second).find(1)?.name).toBe('Changed');
    expect(lines).toEqual([]);
    second.close();
  });

  it('happens anew for another version of the data set', () => {
    openDatabase(file, undefined, geonames({ countries: ['AD'] })).close();
    const database = openDatabase(file, undefined, geonames({ countries: ['LI'] }));
    expect(
      createCityStore(database)
        .countries()
        .map(({ code }) => code),
    ).toEqual(['LI']);
    database.close();
  });

  it('leaves no half database behind when it fails', () => {
    const broken = {
      version: 'broken',
      cities: () => {
        const [city] = geonames({ countries: ['AD'] }).cities();
        if (city === undefined) throw new Error('The data set has no city in AD.');
        return [city, city];
      },
    };
    expect(() => openDatabase(file, undefined, broken)).toThrow(DatabaseUnavailable);
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(join(folder.path, 'deep'))).toEqual(['cities.sqlite.lock']);

    openDatabase(file, undefined, smallDataSet).close();
  });

  it('overwrites what a killed build has left', () => {
    openDatabase(file, undefined, geonames({ countries: ['AD'] })).close();
    writeFileSync(`${file}.building`, 'half a database');
    openDatabase(file, undefined, smallDataSet).close();
    expect(existsSync(`${file}.building`)).toBe(false);
  });

  it('refuses a file that is something else, and leaves it alone', () => {
    const notes = join(folder.path, 'notes.txt');
    writeFileSync(notes, 'my notes');
    expect(() => openDatabase(notes, undefined, smallDataSet)).toThrow(
      /notes\.txt is not a city database of the demo origin/,
    );
    expect(readFileSync(notes, 'utf8')).toBe('my notes');

    const other = join(folder.path, 'other.sqlite');
    const database = new DatabaseSync(other);
    database.exec('CREATE TABLE mine (a)');
    database.close();
    expect(() => openDatabase(other, undefined, smallDataSet)).toThrow(/is not a city database/);
  });

  it('is done by one of several processes that start at once; all use its file', async () => {
    const script = `
      import { openDatabase } from ${JSON.stringify(new URL('../../dev/origin/database.ts', import.meta.url).href)};
      const built = [];
      const database = openDatabase(${JSON.stringify(file)}, (line) => built.push(line));
      const { inode } = { inode: (await import('node:fs')).statSync(${JSON.stringify(file)}).ino };
      const { n } = database.prepare('SELECT count(*) AS n FROM cities').get();
      database.close();
      console.log(JSON.stringify({ built: built.some((line) => line.endsWith('100 %.')), inode, n }));`;
    const results = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
        return JSON.parse(output) as { built: boolean; inode: number; n: number };
      }),
    );
    expect(results.map(({ n }) => n)).toEqual([171_075, 171_075, 171_075]);
    expect(results.filter(({ built }) => built)).toHaveLength(1);
    expect(new Set(results.map(({ inode }) => inode)).size).toBe(1);
  });
});

describe('fold', () => {
  it.each([
    ['Łódź', 'lodz'],
    ['Sant Julià de Lòria', 'sant julia de loria'],
    ['Tromsø', 'tromso'],
    ['Großenhain', 'grossenhain'],
    ['Iğdır', 'igdir'],
    ['İstanbul', 'istanbul'],
    ['Xırdalan  –  Şəki', 'xirdalan - seki'],
    ['Oʻzbekiston', "o'zbekiston"],
    ['سيدنو', 'سيدنو'],
  ])('%s is found as %s', (name, folded) => {
    expect(fold(name)).toBe(folded);
  });
});
