import type { CityChange, CityStore, StoredCity } from '../city-store.ts';
import { mayChange } from '../conditional.ts';
import type { DomainEvent } from '../events.ts';
import { fold } from '../fold.ts';
import { countryName } from '../languages.ts';
import { integerParameter, limitParameter, parameter } from '../parameters.ts';
import { HttpProblem } from '../problems.ts';
import { objectWith } from '../request-body.ts';
import { json, represent, strongEtag, uncached } from '../responses.ts';
import type { Route } from '../router.ts';

export interface CityRoutesOptions {
  readonly store: CityStore;
  readonly onEvent: (event: DomainEvent) => void;
}

/** One city, lists of them page by page, search by the beginning of the name, and changes. */
export function cityRoutes({ store, onEvent }: CityRoutesOptions): Route[] {
  return [
    {
      path: '/cities/*',
      on: {
        GET({ captured, headers }) {
          const city = existing(store, captured);
          return represent(
            {
              content: present(city),
              cacheControl: 'public, max-age=60',
              lastModified: city.updatedAt,
              tags: [`city:${city.id}`, `country:${city.country}`],
            },
            headers,
          );
        },
        async PATCH({ captured, headers, readJson }) {
          const { id } = existing(store, captured);
          const change = parseChange(await readJson());
          // Read again: the body took its time, and nothing may come between the comparison and the change.
          if (!mayChange(headers, strongEtag(json(present(existing(store, captured)))))) {
            throw new HttpProblem(
              412,
              `City ${id} has changed: its ETag is not the one in If-Match.`,
            );
          }
          const now = Date.now();
          const city = store.change(id, change, now);
          if (city === undefined) throw missing(id);
          onEvent({
            type: 'city.updated',
            id,
            country: city.country,
            at: new Date(now).toISOString(),
          });
          const content = present(city);
          return uncached(content, { ETag: strongEtag(json(content)) });
        },
      },
    },
    {
      path: '/cities',
      on: {
        GET({ query, headers }) {
          const limit = limitParameter(query);
          const country = countryParameter(store, query);
          const after = integerParameter(parameter(query, 'after') ?? '0', 'after', {
            min: 0,
            max: Number.MAX_SAFE_INTEGER,
          });
          // One more than asked for tells whether there is a next page.
          const rows = store.list({
            ...(country && { country: country.code }),
            after,
            limit: limit + 1,
          });
          const cities = rows.slice(0, limit);
          const last = cities.at(-1);
          const next =
            last !== undefined && rows.length > limit
              ? `/cities?${country ? `country=${country.code}&` : ''}limit=${limit}&after=${last.id}`
              : undefined;
          return represent(
            {
              content: { cities: cities.map(present), next: next ?? null },
              cacheControl: 'public, max-age=60',
              lastModified: country?.updatedAt ?? store.updatedAt(),
              tags: listTags(cities, country?.code),
              ...(next !== undefined && { next }),
            },
            headers,
          );
        },
      },
    },
    {
      path: '/search',
      on: {
        GET({ query, headers }) {
          const limit = limitParameter(query);
          const text = parameter(query, 'q')?.trim() ?? '';
          if (fold(text) === '' || text.length > 100) {
            throw new HttpProblem(
              400,
              `q must be the beginning of a name, 1 to 100 characters, such as q=ber, not ${JSON.stringify(text)}.`,
            );
          }
          const cities = store.search(text, limit);
          return represent(
            {
              content: { query: text, cities: cities.map(present) },
              cacheControl: 'public, max-age=30',
              lastModified: store.updatedAt(),
              tags: listTags(cities),
            },
            headers,
          );
        },
      },
    },
  ];
}

function present({ updatedAt, ...city }: StoredCity) {
  return {
    ...city,
    countryName: countryName(city.country, 'en'),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

function existing(store: CityStore, captured: string): StoredCity {
  const id = integerParameter(captured, 'A city id', { min: 1, max: Number.MAX_SAFE_INTEGER });
  const city = store.find(id);
  if (city === undefined) throw missing(id);
  return city;
}

/** Tagged, so that a cache that keeps the 404 can be told when the city comes into being. */
function missing(id: number): HttpProblem {
  return new HttpProblem(404, `There is no city ${id}.`, { 'Cache-Tag': `city:${id}` });
}

function countryParameter(store: CityStore, query: URLSearchParams) {
  const code = parameter(query, 'country');
  if (code === undefined) return undefined;
  const country = store.country(code.toUpperCase());
  if (country === undefined) {
    throw new HttpProblem(
      400,
      `country must be the two-letter code of a country in the data set, such as AD, not "${code}".`,
    );
  }
  return country;
}

/** Every country on the page, and what all lists share: a change to any of them may change this list. */
function listTags(cities: readonly StoredCity[], country?: string): string[] {
  const countries = new Set(cities.map((city) => city.country));
  if (country !== undefined) countries.add(country);
  return [...[...countries].map((code) => `country:${code}`), 'cities'];
}

function parseChange(body: unknown): CityChange {
  const { name, lat, lng } = objectWith(body, ['name', 'lat', 'lng']);
  if (name === undefined && lat === undefined && lng === undefined) {
    throw new HttpProblem(400, 'The body must set at least one of name, lat, lng.');
  }
  return {
    ...(name !== undefined && { name: validName(name) }),
    ...(lat !== undefined && { lat: validDegrees('lat', lat, 90) }),
    ...(lng !== undefined && { lng: validDegrees('lng', lng, 180) }),
  };
}

function validName(value: unknown): string {
  const name = typeof value === 'string' ? value.trim() : '';
  if (name === '' || name.length > 200 || /\p{Cc}/u.test(name)) {
    throw new HttpProblem(
      400,
      `name must be text of 1 to 200 characters without control characters, not ${JSON.stringify(value)}.`,
    );
  }
  return name;
}

function validDegrees(field: string, value: unknown, max: number): number {
  if (typeof value !== 'number' || Math.abs(value) > max) {
    throw new HttpProblem(
      400,
      `${field} must be a number from -${max} to ${max}, not ${JSON.stringify(value)}.`,
    );
  }
  return value;
}
