import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStack, startStack } from '../../dev/launcher/stack.ts';

/* The whole of it, as `npm start` runs it: a change at the origin, its event, the rules, the purge, what the gateway serves. */

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The bound of the preset, and what an event takes on its way on a busy machine. */
const SOON_MS = 10_000;

let stack: RunningStack & { stop(): Promise<void> };
beforeAll(async () => {
  stack = await startStack({ root, redis: 'embedded' });
}, 90_000);
afterAll(async () => {
  await stack.stop();
}, 30_000);

interface City {
  readonly id: number;
  readonly name: string;
}

/** What the gateway serves, as a reader gets it. */
async function read(path: string): Promise<{ status: string; names: string[] }> {
  const response = await fetch(stack.url + path);
  expect(response.status).toBe(200);
  const body = (await response.json()) as City & { readonly cities?: readonly City[] };
  const names = (body.cities ?? [body]).map(({ name }) => name);
  return { status: response.headers.get('cache-status') ?? '', names };
}

/** Changes a city past the gateway, as the application's own back office does. */
async function rename(id: number, name: string): Promise<void> {
  const response = await fetch(`${stack.origin}/cities/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  expect(response.status).toBe(200);
}

const names = async (path: string): Promise<string[]> => (await read(path)).names;

/** Waits until the gateway serves exactly these names, or names that hold this one. */
async function shown(path: string, expected: unknown): Promise<void> {
  await expect.poll(() => names(path), { timeout: SOON_MS, interval: 50 }).toEqual(expected);
}

describe('a city that is changed at the origin', () => {
  test('shows in its page, in lists and in searches, and leaves the pages of others alone', async () => {
    const list = '/cities?country=LI&limit=3';
    const first = await fetch(stack.origin + list);
    const { cities } = (await first.json()) as { cities: City[] };
    const [city, neighbour] = cities;
    if (!city || !neighbour) throw new Error('There are no two cities in the list.');
    const renamed = `Zzyzx ${Date.now().toString(36)}`;
    const [page, search] = [`/cities/${city.id}`, `/search?q=${encodeURIComponent(renamed)}`];
    const other = `/cities/${neighbour.id}`;

    // All of it is cached, the search that finds nothing yet too.
    expect(await names(search)).toEqual([]);
    for (const path of [page, list, search, other]) {
      await read(path);
      expect((await read(path)).status).toContain('; hit');
    }
    try {
      await rename(city.id, renamed);
      await shown(page, [renamed]);
      await shown(list, expect.arrayContaining([renamed]));
      await shown(search, [renamed]);
      const [served] = await names(list);
      expect(served).not.toBe(city.name);
      expect((await read(other)).status).toContain('; hit');
    } finally {
      // The data set is the checkout's own.
      await rename(city.id, city.name);
    }
    await shown(page, [city.name]);
    await shown(search, []);
  }, 60_000);
});
