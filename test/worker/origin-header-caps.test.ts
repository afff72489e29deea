import { beforeAll, describe, expect, test } from 'vitest';
import { deploy, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

let origin: TestOrigin;
let here: Isolate;
beforeAll(async () => {
  origin = await openOrigin();
  here = (await deploy({ origin: origin.url })).isolate();
});

type Fields = readonly (readonly [string, string])[];

const FRESH: Fields = [['cache-control', 'max-age=60']];

const many = (count: number, name: (at: number) => string, value: string): Fields =>
  Array.from({ length: count }, (_, at) => [name(at), value] as const);

const TOO_MANY = 'The origin answered with more than 500 header fields.';
const TOO_LARGE = 'The origin answered with more than 65536 bytes of header fields.';

describe('[trap:oversized] header bombs of an origin', () => {
  test.each<[string, Fields, string]>([
    ['one field of 100 KB', [['x-bomb', 'x'.repeat(100_000)]], TOO_LARGE],
    ['100 KB in a hundred fields', many(100, (at) => `x-${at}`, 'x'.repeat(1000)), TOO_LARGE],
    ['100 KB in lines of one name', many(100, () => 'x-bomb', 'x'.repeat(1000)), TOO_LARGE],
    ['100 KB of cookies', many(100, () => 'set-cookie', `a=${'x'.repeat(1000)}`), TOO_LARGE],
    ['10,000 fields', many(10_000, (at) => `x-${at}`, 'v'), TOO_MANY],
    ['501 cookies', many(501, () => 'set-cookie', 'a=b'), TOO_MANY],
  ])('%s: a 502 problem, and nothing is stored', async (what, fields, detail) => {
    const target = `/bomb/${what.replace(/\W+/g, '-')}`;
    await origin.script({ target, headers: [...FRESH, ...fields] });
    const answer = await here.get(target);
    expect([answer.status, answer.json()]).toEqual([
      502,
      expect.objectContaining({ code: 'origin_invalid', detail }),
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    await origin.rescript(target, [{ headers: FRESH, body: 'clean' }]);
    const next = await here.get(target);
    expect([next.status, next.text, next.cacheStatus]).toEqual([
      200,
      'clean',
      { fwd: 'uri-miss', stored: true },
    ]);
  });

  test('the answer to a POST is no exception, and its URL is invalidated', async () => {
    const target = '/bomb/posted';
    await here.get(target);
    await origin.script({ target, headers: [['x-bomb', 'x'.repeat(100_000)]] });
    expect((await here.send('POST', target, { body: 'x' })).status).toBe(502);
    await origin.rescript(target, [{ headers: FRESH, body: 'clean' }]);
    expect((await here.get(target)).cacheStatus).toMatchObject({ stored: true });
  });

  test('what is below both bounds is passed on whole, and stored', async () => {
    const target = '/bomb/none';
    const fields = many(400, (at) => `x-${at}`, 'x'.repeat(100));
    await origin.script({ target, headers: [...FRESH, ...fields] });
    for (const stored of [true, undefined]) {
      const { status, headers, cacheStatus } = await here.get(target);
      expect([status, headers.get('x-399'), cacheStatus?.['stored']]).toEqual([
        200,
        'x'.repeat(100),
        stored,
      ]);
    }
    expect(await origin.count(target)).toBe(1);
  });
});
