import { json, uncached } from '../responses.ts';
import type { Route } from '../router.ts';

/** Answers that a shared cache gets wrong easily. */
export function cacheTrapRoutes(): Route[] {
  let served = 0;
  // A number that no two answers share shows whether an answer was served twice.
  const numbered = (headers: Record<string, string>) => {
    served += 1;
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
      body: json({ served }),
    };
  };
  return [
    { path: '/echo', on: { GET: ({ headers }) => uncached({ headers }) } },
    { path: '/private', on: { GET: () => numbered({ 'Cache-Control': 'private, max-age=60' }) } },
    {
      path: '/cookie',
      on: {
        GET: () =>
          numbered({
            'Cache-Control': 'max-age=60',
            'Set-Cookie': `visit=${served + 1}; Path=/; HttpOnly; SameSite=Lax`,
          }),
      },
    },
  ];
}
