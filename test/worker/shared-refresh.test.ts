import { describe, expect, test } from 'vitest';
import { deploy, type Deployment } from '../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../support/origin.ts';
import { stage } from '../support/stage.ts';

/* What is stored is for all: what one reader sends along, and is answered, neither renews nor ends it. */

const { clock } = stage();
const origin = await openOrigin();
const WINDOWS = 'public, max-age=10, stale-while-revalidate=600, stale-if-error=600';
const SHORT = 'public, max-age=10, stale-while-revalidate=2, stale-if-error=600';
const ON_ERROR = 'public, max-age=10, stale-if-error=600';

const deployed = (variables: Readonly<Record<string, unknown>> = {}): Promise<Deployment> =>
  deploy({ origin: origin.url, variables: { CACHE_COHERENCE_MS: 5000, ...variables } });

let number = 0;
const next = (): string => `/shared/${(number += 1)}`;
const script = (
  target: string,
  cacheControl: string,
  body: string,
  more: Partial<ScriptedAnswer> = {},
): Promise<void> =>
  origin.script({ target, body, headers: [['cache-control', cacheControl]], ...more });

describe('a refresh', () => {
  test('takes nothing of its reader along', async () => {
    const path = next();
    await script(path, WINDOWS, 'public');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(11_000);
    const own = { cookie: 'session=alice', authorization: 'Bearer alice', 'x-odd': '1' };
    expect((await here.get(path, { ...own, origin: 'https://elsewhere.example' })).text).toBe(
      'public',
    );
    expect(await origin.count(path)).toBe(2);
    const { headers = {} } = (await origin.seen(path)).at(-1) ?? {};
    for (const name of [...Object.keys(own), 'origin']) expect(headers).not.toHaveProperty(name);
  });

  test.each([
    ['cookie', { 'cache-control': 'private' }],
    ['cookie', { 'cache-control': 'max-age=60', 'set-cookie': 'session=new' }],
    ['origin', { 'cache-control': WINDOWS, vary: 'Origin' }],
  ])('is not what a reader with the header %s would be answered: %j', async (to, headers) => {
    const path = next();
    await script(path, WINDOWS, 'public');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, WINDOWS, 'public again');
    await script(path, '', 'of one reader', { to, headers: Object.entries(headers) });
    await here.get(path, { [to]: 'https://elsewhere.example' });
    await script(path, 'no-store', 'down', { status: 503 });
    expect(await here.get(path)).toMatchObject({ status: 200, text: 'public again' });
  });

  test('looks into Redis before it asks the origin: what another isolate has refreshed will do', async () => {
    const path = next();
    await script(path, WINDOWS, 'old');
    const { isolate } = await deployed();
    const [here, other] = [isolate(), isolate()];
    await here.get(path);
    await other.get(path);
    clock.advance(11_000);
    // Both know the ledger as it is, so that what they hold is near.
    await Promise.all([here, other].map((one) => one.get(next())));
    await script(path, WINDOWS, 'new');
    expect((await other.get(path)).text).toBe('old');
    expect(await origin.count(path)).toBe(2);
    expect((await here.get(path)).text).toBe('old');
    expect(await origin.count(path)).toBe(2);
    expect((await here.get(path)).text).toBe('new');
  });

  test.each([401, 403, 429, 451])(
    'that is refused with %s pauses refreshes, and nothing else',
    async (status) => {
      const path = next();
      await script(path, SHORT, 'old');
      const here = (await deployed({ CACHE_THROTTLE: '30s' })).isolate();
      await here.get(path);
      clock.advance(11_000);
      await script(path, 'no-store', 'refused', { status });
      for (let time = 0; time < 3; time += 1)
        expect((await here.get(path, { authorization: 'Bearer junk' })).text).toBe('old');
      expect(await origin.count(path)).toBe(2);
      clock.advance(3000);
      // Past stale-while-revalidate: what stale-if-error covers is something else.
      expect(await here.get(path)).toMatchObject({ status, text: 'refused' });
      await script(path, SHORT, 'new');
      expect((await here.get(path)).text).toBe('new');
    },
  );
});

test('a refusal is remembered, whatever single readers are answered meanwhile', async () => {
  const path = next();
  await script(path, SHORT, 'old');
  const here = (await deployed({ CACHE_THROTTLE: '30s' })).isolate();
  await here.get(path);
  clock.advance(11_000);
  await script(path, 'no-store', 'refused', { status: 401 });
  await script(path, 'private', 'of alice', { to: 'authorization' });
  expect((await here.get(path)).text).toBe('old');
  clock.advance(3000);
  for (let time = 0; time < 3; time += 1)
    expect((await here.get(path, { authorization: 'Bearer alice' })).text).toBe('of alice');
  expect(await origin.count(path)).toBe(5);
});

describe('what the origin took away', () => {
  const reader = [
    ['by itself', {}],
    ['with a session', { cookie: 'session=alice' }],
  ] as const;

  test.each(reader)(
    'is not brought back by its next failure: a request %s',
    async (_, headers: Record<string, string>) => {
      const path = next();
      await script(path, ON_ERROR, 'old');
      const { isolate } = await deployed({ CACHE_THROTTLE: '0' });
      const here = isolate();
      await here.get(path);
      clock.advance(11_000);
      await script(path, 'no-store', 'gone', { status: 404 });
      expect((await here.get(path, headers)).status).toBe(404);
      await script(path, 'no-store', 'down', { status: 503 });
      expect(await here.get(path)).toMatchObject({ status: 503 });
      expect(await isolate().get(path)).toMatchObject({ status: 503 });
    },
  );

  test('from one reader alone is still there for the others', async () => {
    const path = next();
    await script(path, ON_ERROR, 'old');
    const here = (await deployed({ CACHE_THROTTLE: '0' })).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'no-store', 'not for alice', { to: 'cookie', status: 404 });
    await script(path, ON_ERROR, 'new');
    expect((await here.get(path, { cookie: 'session=alice' })).text).toBe('not for alice');
    await script(path, 'no-store', 'down', { status: 503 });
    expect(await here.get(path)).toMatchObject({ status: 200, text: 'new' });
  });
});

describe('a failure of the origin', () => {
  test('that one reader causes is not that of the others: a 500', async () => {
    const path = next();
    await script(path, ON_ERROR, 'old');
    const here = (await deployed({ CACHE_THROTTLE: '30s' })).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'no-store', 'odd', { to: 'x-odd', status: 500 });
    await script(path, ON_ERROR, 'new');
    expect((await here.get(path, { 'x-odd': '1' })).text).toBe('old');
    expect((await here.get(path)).text).toBe('new');
  });

  test('that all have is asked about once: a 500', async () => {
    const path = next();
    await script(path, ON_ERROR, 'old');
    const here = (await deployed({ CACHE_THROTTLE: '30s' })).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'no-store', 'failed', { status: 500 });
    for (let time = 0; time < 5; time += 1) expect((await here.get(path)).text).toBe('old');
    // The reader's own, and the one that is for all.
    expect(await origin.count(path)).toBe(3);
  });

  test('is forgotten once it answers again', async () => {
    const path = next();
    await script(path, ON_ERROR, 'old');
    const { host, isolate } = await deployed({ CACHE_THROTTLE: '60s' });
    const here = isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'no-store', 'failed', { status: 503 });
    expect((await here.get(path)).text).toBe('old');
    await here.purge({ urls: [`https://${host}${path}`] });
    await script(path, ON_ERROR, 'second');
    expect((await here.get(path)).text).toBe('second');
    clock.advance(11_000);
    await script(path, ON_ERROR, 'third');
    expect((await here.get(path)).text).toBe('third');
  });
});
