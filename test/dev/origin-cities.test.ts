import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestOrigin, type TestOrigin } from './origin-fixture.ts';

let origin: TestOrigin;

beforeAll(async () => {
  origin = await startTestOrigin();
});

afterAll(async () => {
  await origin.stop();
});

/** Of the connection and the moment, not of the representation. */
const connectionHeaders = ['connection', 'date', 'keep-alive'];

interface Page {
  cities: { id: number; name: string; country: string }[];
  next: string | null;
}

describe('GET /cities/{id}', () => {
  it('answers a city with the names of its divisions and its country', async () => {
    const reply = await origin.get('/cities/1');
    expect(reply.status).toBe(200);
    expect(reply.json()).toEqual({
      id: 1,
      name: 'Vila',
      country: 'AD',
      countryName: 'Andorra',
      admin1: { code: '03', name: 'Encamp' },
      admin2: null,
      lat: 42.53176,
      lng: 1.56654,
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    });
  });

  it('answers HEAD as GET, without the body', async () => {
    const get = await origin.get('/cities/1');
    const head = await origin.send('HEAD', '/cities/1');
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    const comparable = ({ headers }: typeof get) =>
      Object.fromEntries([...headers].filter(([name]) => !connectionHeaders.includes(name)));
    expect(comparable(head)).toEqual(comparable(get));
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(get.text)));
  });

  it('answers 404 for an id that is not there, tagged for when it comes', async () => {
    const reply = await origin.get('/cities/171076');
    expect(reply.status).toBe(404);
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
    expect(reply.headers.get('cache-control')).toBe('public, max-age=10');
    expect(reply.headers.get('cache-tag')).toBe('city:171076');
    expect(reply.json()).toEqual({
      status: 404,
      title: 'Not Found',
      detail: 'There is no city 171076.',
    });
  });

  it.each(['0', '-1', '01', '1.5', 'abc', '%31%20', '99999999999999999999'])(
    'answers 400 for the id %s',
    async (id) => {
      const reply = await origin.get(`/cities/${id}`);
      expect(reply.status).toBe(400);
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.text).toContain('A city id must be an integer of at least 1, not ');
    },
  );
});

describe('GET /cities', () => {
  it('pages through a country by its next links, each city once', async () => {
    const ids: number[] = [];
    let path: string | null = '/cities?country=AD&limit=4';
    let pages = 0;
    while (path !== null && pages < 10) {
      const reply = await origin.get(path);
      const { cities, next } = reply.json() as Page;
      expect(cities.every(({ country }) => country === 'AD')).toBe(true);
      ids.push(...cities.map(({ id }) => id));
      const linked = /<([^>]*)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1];
      expect(linked ?? null).toBe(next);
      path = next;
      pages += 1;
    }
    expect(pages).toBe(4);
    expect(ids).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  });

  it('answers every country without the parameter, 20 cities unless told, and takes lower case', async () => {
    const all = (await origin.get('/cities')).json() as Page;
    expect(all.cities).toHaveLength(20);
    expect(new Set(all.cities.map(({ country }) => country))).toEqual(new Set(['AD', 'AL']));
    expect(all.next).toBe(`/cities?limit=20&after=${all.cities.at(-1)?.id}`);

    const lower = (await origin.get('/cities?country=li&limit=1')).json() as Page;
    expect(lower.cities[0]?.country).toBe('LI');
    expect(lower.next).toMatch(/^\/cities\?country=LI&limit=1&after=\d+$/);
  });

  it.each([
    ['/cities?limit=0', 'limit must be an integer from 1 to 100, not "0".'],
    ['/cities?limit=101', 'limit must be an integer from 1 to 100, not "101".'],
    ['/cities?limit=ten', 'limit must be an integer from 1 to 100, not "ten".'],
    ['/cities?limit=1&limit=2', 'The parameter "limit" is given more than once; give it once.'],
    ['/cities?after=-1', 'after must be an integer of at least 0, not "-1".'],
    [
      '/cities?country=XX',
      'country must be the two-letter code of a country in the data set, such as AD, not "XX".',
    ],
    ['/search', 'q must be the beginning of a name, 1 to 100 characters, such as q=ber, not "".'],
    ['/search?q=%CC%81', 'q must be the beginning of a name'],
    ['/cities/%ff', 'The path /cities/%ff is not percent-encoded UTF-8.'],
  ])('answers 400 for %s', async (path, sentence) => {
    const reply = await origin.get(path);
    expect(reply.status).toBe(400);
    expect((reply.json() as { detail: string }).detail).toContain(sentence);
  });
});

describe('GET /search', () => {
  const names = async (path: string) =>
    ((await origin.get(path)).json() as Page).cities.map(({ name }) => name);

  it('finds names by their beginning, whatever the case or the diacritics', async () => {
    expect(await names('/search?q=ber&limit=100')).toEqual(
      expect.arrayContaining(['Bern', 'Berat', 'Berlín']),
    );
    expect(await names('/search?q=BERL%C3%8D')).toContain('Berlín');
    expect(await names('/search?q=zur')).toContain('Zürich');
    expect(await names('/search?q=qqq')).toEqual([]);
  });

  it('answers the closest matches first and no more than asked for', async () => {
    const found = await names('/search?q=ber&limit=3');
    expect(found).toEqual(['Berg', 'Bern', 'Berat']);
  });
});

describe('PATCH /cities/{id}', () => {
  it('changes the row, its validators and its place in the search, and emits the event', async () => {
    const before = await origin.get('/cities/2');
    const reply = await origin.send('PATCH', '/cities/2', { name: 'Ünlikely', lat: 42.5 });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.json()).toMatchObject({ id: 2, name: 'Ünlikely', lat: 42.5, lng: 1.65362 });

    const after = await origin.get('/cities/2');
    expect(after.text).toBe(reply.text);
    expect(after.headers.get('etag')).toBe(reply.headers.get('etag'));
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
    const { updatedAt } = after.json() as { updatedAt: string };
    expect(Date.parse(updatedAt)).toBeGreaterThan(
      Date.parse((before.json() as { updatedAt: string }).updatedAt),
    );
    const seconds = new Date(updatedAt).toUTCString();
    expect(after.headers.get('last-modified')).toBe(seconds);
    expect((await origin.get('/cities?country=AD')).headers.get('last-modified')).toBe(seconds);
    expect((await origin.get('/search?q=unlik')).text).toContain('Ünlikely');
    expect(origin.events).toEqual([{ type: 'city.updated', id: 2, country: 'AD', at: updatedAt }]);
    const counts = (await origin.get('/_/counts')).json();
    expect(counts).toMatchObject({ events: { 'city.updated': 1 } });
  });

  it.each([
    [{}, 400, 'The body must set at least one of name, lat, lng.'],
    [[], 400, 'The body must be a JSON object with name, lat, lng.'],
    ['{"name":', 400, 'The body is not valid JSON.'],
    [{ population: 5 }, 400, '"population" is not a field that can be set'],
    [{ name: '  ' }, 400, 'name must be text of 1 to 200 characters'],
    [{ name: 'a\u0007b' }, 400, 'without control characters'],
    [{ name: 7 }, 400, 'not 7.'],
    [{ lat: 90.1 }, 400, 'lat must be a number from -90 to 90, not 90.1.'],
    [{ lng: '5' }, 400, 'lng must be a number from -180 to 180, not "5".'],
  ])('refuses %j with %i', async (body, status, sentence) => {
    const reply = await origin.send('PATCH', '/cities/3', body);
    expect(reply.status).toBe(status);
    expect((reply.json() as { detail: string }).detail).toContain(sentence);
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });

  it('refuses a body above 16 KiB', async () => {
    const reply = await origin.send('PATCH', '/cities/3', { name: 'x'.repeat(20_000) });
    expect(reply.status).toBe(413);
    expect(reply.text).toContain('The body is larger than 16384 bytes.');
  });

  it('refuses another content type, an unknown city, and a change over a newer one', async () => {
    const text = await origin.send('PATCH', '/cities/3', 'name=x', {
      'content-type': 'text/plain',
    });
    expect(text.status).toBe(415);
    expect((await origin.send('PATCH', '/cities/171076', { lat: 1 })).status).toBe(404);

    const etag = (await origin.get('/cities/3')).headers.get('etag') ?? '';
    const first = await origin.send('PATCH', '/cities/3', { lat: 1 }, { 'if-match': etag });
    expect(first.status).toBe(200);
    const second = await origin.send('PATCH', '/cities/3', { lat: 2 }, { 'if-match': etag });
    expect(second.status).toBe(412);
    expect((await origin.get('/cities/3')).json()).toMatchObject({ lat: 1 });
  });
});
