import { describe, expect, test } from 'vitest';
import { deploy, type Answer, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* One part is stored of what a request selects: which one stays, and who is answered from it. */

const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

let number = 0;
const nextPath = (): string => `/range-parts/${(number += 1)}`;
const isolate = async (): Promise<Isolate> =>
  (await deploy({ origin: origin.url, redis: endpoint })).isolate();

type Pairs = readonly (readonly [string, string])[];
const CONTROL = ['cache-control', 'max-age=60'] as const;

/** What the origin answers to a range, whatever it is. */
async function part(
  path: string,
  first: number,
  body: string,
  more: Pairs = [],
  complete = 100,
): Promise<void> {
  const range = `bytes ${first}-${first + body.length - 1}/${complete}`;
  const headers = [CONTROL, ['content-range', range], ...more] as const;
  await origin.rescript(path, [{ status: 206, headers, body }]);
}
const ask = (here: Isolate, path: string, range: string): Promise<Answer> =>
  here.get(path, { range });

const LONG = '0123456789';
const DATE = 'Mon, 01 Jun 2020 00:00:00 GMT';
const LATER = 'Tue, 02 Jun 2020 00:00:00 GMT';

describe('a long part that is held, and a short one beside it', () => {
  test.each<[string, Pairs]>([
    ['of the same tag', [['etag', '"a"']]],
    ['of the same weak tag', [['etag', 'W/"a"']]],
    ['of the same date', [['last-modified', DATE]]],
    ['of neither', []],
  ])('%s: the long one stays', async (_, more) => {
    const path = nextPath();
    const here = await isolate();
    await part(path, 0, LONG, more);
    await ask(here, path, 'bytes=0-9');
    await part(path, 99, 'z', more);
    const short = await ask(here, path, 'bytes=99-99');
    expect(short).toMatchObject({ status: 206, text: 'z' });
    expect(short.cacheStatus).toEqual({ fwd: 'partial', detail: 'longer-part' });
    const hit = await ask(here, path, 'bytes=0-9');
    expect(hit).toMatchObject({ text: LONG, cacheStatus: { hit: true } });
  });

  test.each<[string, Pairs, Pairs, number?]>([
    ['another tag', [['etag', '"a"']], [['etag', '"b"']]],
    ['another date', [['last-modified', DATE]], [['last-modified', LATER]]],
    ['another length of the whole', [], [], 200],
  ])('that says by %s that it is of another representation: the new one', async (...given) => {
    const [, before, after, complete] = given;
    const path = nextPath();
    const here = await isolate();
    await part(path, 0, LONG, before);
    await ask(here, path, 'bytes=0-9');
    await part(path, 99, 'z', after, complete);
    expect((await ask(here, path, 'bytes=99-99')).cacheStatus).toMatchObject({ stored: true });
    expect((await ask(here, path, 'bytes=99-99')).cacheStatus).toMatchObject({ hit: true });
    expect((await ask(here, path, 'bytes=0-9')).cacheStatus).toMatchObject({ fwd: 'partial' });
  });

  test('that comes when the long one is no longer fresh: the new one', async () => {
    const path = nextPath();
    const here = await isolate();
    await part(path, 0, LONG);
    await ask(here, path, 'bytes=0-9');
    clock.advance(61_000);
    await part(path, 99, 'z');
    expect((await ask(here, path, 'bytes=99-99')).cacheStatus).toMatchObject({ stored: true });
    expect((await ask(here, path, 'bytes=99-99')).cacheStatus).toMatchObject({ hit: true });
  });

  test('that adjoins, of the same strong tag: both', async () => {
    const path = nextPath();
    const here = await isolate();
    await part(path, 0, LONG, [['etag', '"a"']]);
    await ask(here, path, 'bytes=0-9');
    await part(path, 10, 'z', [['etag', '"a"']]);
    await ask(here, path, 'bytes=10-10');
    const both = await ask(here, path, 'bytes=8-10');
    expect(both).toMatchObject({ text: '89z', cacheStatus: { hit: true } });
  });
});

test('a short part that is held gives way to a long one', async () => {
  const path = nextPath();
  const here = await isolate();
  await part(path, 99, 'z');
  await ask(here, path, 'bytes=99-99');
  await part(path, 0, LONG);
  expect((await ask(here, path, 'bytes=0-9')).cacheStatus).toMatchObject({ stored: true });
  expect((await ask(here, path, 'bytes=2-3')).cacheStatus).toMatchObject({ hit: true });
});

describe('only-if-cached (RFC 9111, section 5.2.1.7)', () => {
  test('is answered from a part, when that is enough', async () => {
    const path = nextPath();
    const here = await isolate();
    await part(path, 0, LONG);
    await ask(here, path, 'bytes=0-9');
    const cached = (range: string, method = 'GET'): Promise<Answer> =>
      here.send(method, path, { headers: { range, 'cache-control': 'only-if-cached' } });
    const hit = await cached('bytes=2-4');
    expect(hit).toMatchObject({ status: 206, text: '234', cacheStatus: { hit: true } });
    expect((await cached('bytes=20-24')).status).toBe(504);
    // A range is of a GET.
    expect((await cached('bytes=2-4', 'HEAD')).status).toBe(504);
    const { status } = await here.get(path, { 'cache-control': 'only-if-cached' });
    expect(status).toBe(504);
    expect(await origin.count(path)).toBe(1);
  });
});
