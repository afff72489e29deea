import type { CityStore } from '../city-store.ts';
import { attribution } from '../data-set.ts';
import { represent } from '../responses.ts';
import type { Route } from '../router.ts';

/** What this API is, whose data it serves, and what can be asked of it. */
export function rootRoute(store: CityStore): Route {
  return {
    path: '/',
    on: {
      GET({ headers }) {
        const content = {
          name: 'Cities of the world: demo origin',
          cities: store.count(),
          dataSet: store.version,
          attribution,
          routes: [
            'GET /cities/{id}',
            'PATCH /cities/{id}',
            'GET /cities?country=AD&limit=20&after=ID',
            'GET /search?q=ber&limit=20',
            'GET /countries',
            'GET /echo',
            'GET /private',
            'GET /cookie',
            'GET|DELETE /_/counts',
            'GET|POST|DELETE /_/faults',
          ],
        };
        return represent(
          {
            content,
            cacheControl: 'public, max-age=60',
            lastModified: store.builtAt,
            tags: [],
          },
          headers,
        );
      },
    },
  };
}
