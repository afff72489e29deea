import type { CityStore } from '../city-store.ts';
import { countryName, negotiateLanguage } from '../languages.ts';
import { represent } from '../responses.ts';
import type { Route } from '../router.ts';

/** The countries of the data set, named in the language that the client asks for. */
export function countryRoutes(store: CityStore): Route[] {
  return [
    {
      path: '/countries',
      on: {
        GET({ headers }) {
          const language = negotiateLanguage(headers['accept-language']);
          const countries = store.countries().map(({ code, cities }) => ({
            code,
            name: countryName(code, language),
            cities,
          }));
          return represent(
            {
              content: { language, countries },
              cacheControl: 'public, max-age=300',
              // Names and numbers of cities come with the data set; changes to a city leave them alone.
              lastModified: store.builtAt,
              tags: ['countries'],
              vary: 'Accept-Language',
              contentLanguage: language,
            },
            headers,
          );
        },
      },
    },
  ];
}
