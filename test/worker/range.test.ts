import { beforeAll, describe, expect, test } from 'vitest';
import { deploy, type Answer, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});

let last = 0;
const nextPath = (): string => `/range/${(last += 1)}`;
const here = async (): Promise<Isolate> => (await deploy({ origin: origin.url })).isolate();

const BODY = '0123456789';
const FRESH = [['cache-control', 'max-age=60']] as const;
const TAGGED = [...FRESH, ['etag', '"v1"']] as const;

/** The origin answers a range of the body, and the whole to whoever asks for it. */
async function slices(
  target: string,
  first: number,
  last_: number,
  headers: readonly (readonly [string, string])[] = TAGGED,
): Promise<void> {
  const contentRange = ['content-range', `bytes ${first}-${last_}/${BODY.length}`] as const;
  await origin.rescript(target, [
    { headers, body: BODY },
    {
      to: 'range',
      status: 206,
      headers: [...headers, contentRange],
      body: BODY.slice(first, last_ + 1),
    },
  ]);
}
const ask = (isolate: Isolate, path: string, range: string): Promise<Answer> =>
  isolate.get(path, { range });

describe('a part of what is stored as a whole', () => {
  test('comes from the store, as a hit (RFC 9110, section 14.2; RFC 9211, section 2.1)', async () => {
    const isolate = await here();
    const path = nextPath();
    await origin.script({ target: path, headers: TAGGED, body: BODY });
    await isolate.get(path);
    const answer = await ask(isolate, path, 'bytes=2-4');
    expect(answer).toMatchObject({ status: 206, text: '234' });
    expect(answer.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(answer.cacheStatus).toMatchObject({ hit: true });
    expect(await origin.count(path)).toBe(1);
  });

  test('that is stale is asked for as a whole, and validated (RFC 9111, section 4.3)', async () => {
    const isolate = await here();
    const path = nextPath();
    const stale = [
      ['cache-control', 'max-age=0'],
      ['etag', '"v1"'],
    ] as const;
    await origin.script({ target: path, headers: stale, body: BODY, notModified: TAGGED });
    await isolate.get(path);
    const answer = await ask(isolate, path, 'bytes=-3');
    expect(answer).toMatchObject({ status: 206, text: '789' });
    const sent = (await origin.seen(path)).at(-1);
    expect(sent).toMatchObject({ answered: 304, headers: { 'if-none-match': '"v1"' } });
    expect(sent?.headers).not.toHaveProperty('range');
    expect((await ask(isolate, path, 'bytes=0-1')).cacheStatus).toMatchObject({ hit: true });
  });
});

describe('a part of what is not stored [trap:range]', () => {
  test('is asked for as the client asks, and stored as a part (RFC 9111, section 3.3)', async () => {
    const isolate = await here();
    const path = nextPath();
    await slices(path, 4, 8);
    const answer = await ask(isolate, path, 'bytes=4-8');
    expect(answer).toMatchObject({ status: 206, text: '45678' });
    expect(answer.headers.get('content-range')).toBe('bytes 4-8/10');
    expect(answer.cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    expect((await origin.seen(path)).at(-1)?.headers['range']).toBe('bytes=4-8');

    const within = await ask(isolate, path, 'bytes=5-6');
    expect(within).toMatchObject({ status: 206, text: '56' });
    expect(within.headers.get('content-range')).toBe('bytes 5-6/10');
    expect(within.cacheStatus).toMatchObject({ hit: true });
    expect(within.headers.has('range')).toBe(false);
    expect(await origin.count(path)).toBe(1);
  });

  test('is found in another isolate too', async () => {
    const { isolate } = await deploy({ origin: origin.url });
    const path = nextPath();
    await slices(path, 4, 8);
    await ask(isolate(), path, 'bytes=4-8');
    expect((await ask(isolate(), path, 'bytes=4-8')).cacheStatus).toMatchObject({ hit: true });
  });

  test('never answers for the whole (section 3.3)', async () => {
    const isolate = await here();
    const path = nextPath();
    await slices(path, 0, 4);
    await ask(isolate, path, 'bytes=0-4');
    expect(await isolate.get(path)).toMatchObject({ status: 200, text: BODY });
    expect(await isolate.get(path)).toMatchObject({ text: BODY, cacheStatus: { hit: true } });
    expect((await isolate.send('HEAD', path)).headers.get('content-length')).toBe('10');
  });

  test('that is held is not enough: the origin is asked (RFC 9211, section 2.2)', async () => {
    const isolate = await here();
    const path = nextPath();
    await slices(path, 0, 1, FRESH);
    await ask(isolate, path, 'bytes=0-1');
    await slices(path, 6, 7, FRESH);
    const answer = await ask(isolate, path, 'bytes=6-7');
    expect(answer).toMatchObject({ text: '67', cacheStatus: { fwd: 'partial', stored: true } });
    // Without a tag nobody knows that the two belong together: the later one of two that are as long is kept.
    expect((await ask(isolate, path, 'bytes=6-7')).cacheStatus).toMatchObject({ hit: true });
    expect((await ask(isolate, path, 'bytes=0-1')).cacheStatus).toMatchObject({ fwd: 'partial' });
  });

  test('and another that adjoins make one, and in the end the whole (RFC 9110, section 15.3.7.3)', async () => {
    const isolate = await here();
    const path = nextPath();
    for (const [first, end] of [
      [0, 2],
      [3, 5],
    ] as const) {
      await slices(path, first, end);
      await ask(isolate, path, `bytes=${first}-${end}`);
    }
    const joined = await ask(isolate, path, 'bytes=1-4');
    expect(joined).toMatchObject({ text: '1234', cacheStatus: { hit: true } });
    await slices(path, 6, 9);
    await ask(isolate, path, 'bytes=6-9');
    const whole = await isolate.get(path);
    expect(whole).toMatchObject({ status: 200, text: BODY, cacheStatus: { hit: true } });
    expect(whole.headers.get('etag')).toBe('"v1"');
    expect(whole.headers.has('content-range')).toBe(false);
    expect(await origin.count(path)).toBe(3);
  });

  test('of another representation takes its place', async () => {
    const isolate = await here();
    const path = nextPath();
    await slices(path, 0, 4);
    await ask(isolate, path, 'bytes=0-4');
    await slices(path, 5, 9, [...FRESH, ['etag', '"v2"']]);
    await ask(isolate, path, 'bytes=5-9');
    expect(await ask(isolate, path, 'bytes=5-9')).toMatchObject({ cacheStatus: { hit: true } });
    expect((await ask(isolate, path, 'bytes=0-4')).cacheStatus).toMatchObject({ fwd: 'partial' });
  });

  test('with an If-Range that does not hold is asked for (RFC 9110, section 13.1.5)', async () => {
    const isolate = await here();
    const path = nextPath();
    await slices(path, 4, 8);
    await ask(isolate, path, 'bytes=4-8');
    const answer = await isolate.get(path, { range: 'bytes=4-8', 'if-range': '"v0"' });
    expect(answer.cacheStatus).toMatchObject({ fwd: 'partial' });
    expect((await origin.seen(path)).at(-1)?.headers['if-range']).toBe('"v0"');
    const held = await isolate.get(path, { range: 'bytes=4-8', 'if-range': '"v1"' });
    expect(held.cacheStatus).toMatchObject({ hit: true });
  });

  test.each([
    ['no freshness', [['etag', '"v1"']], 'no-freshness'],
    ['no-store', [['cache-control', 'no-store']], 'no-store'],
    ['a cookie', [...FRESH, ['set-cookie', 'a=1']], 'set-cookie'],
    [
      'fields to vary by, of which no whole response has told',
      [...FRESH, ['vary', 'x-own']],
      'vary',
    ],
  ] as const)('is passed on and not stored with %s', async (_what, headers, detail) => {
    const isolate = await here();
    const path = nextPath();
    await slices(path, 4, 8, headers);
    for (const _time of [1, 2]) {
      const answer = await ask(isolate, path, 'bytes=4-8');
      expect(answer).toMatchObject({ status: 206, text: '45678' });
      expect(answer.cacheStatus).toEqual({ fwd: 'uri-miss', detail });
    }
  });

  test('that breaks off is not stored', async () => {
    const isolate = await here();
    const path = nextPath();
    const headers = [
      ...TAGGED,
      ['content-range', 'bytes 4-8/10'],
      ['content-length', '5'],
    ] as const;
    await origin.rescript(path, [{ status: 206, headers, body: '45678', breakAfter: 2 }]);
    await expect(ask(isolate, path, 'bytes=4-8')).rejects.toThrow('broke off');
    await slices(path, 4, 8);
    expect((await ask(isolate, path, 'bytes=4-8')).cacheStatus).toMatchObject({ fwd: 'uri-miss' });
  });

  test('is the whole, stored as such, where the origin sends that', async () => {
    const isolate = await here();
    const path = nextPath();
    await origin.script({ target: path, headers: TAGGED, body: BODY });
    const answer = await ask(isolate, path, 'bytes=4-8');
    expect(answer).toMatchObject({ status: 206, text: '45678' });
    expect(answer.cacheStatus).toEqual({ fwd: 'uri-miss', 'fwd-status': 200, stored: true });
    expect(await isolate.get(path)).toMatchObject({ text: BODY, cacheStatus: { hit: true } });
  });

  test.each(['lines=1-2', 'bytes=4-2'])(
    'is the whole for %s, which counts for nothing',
    async (range) => {
      const isolate = await here();
      const path = nextPath();
      await slices(path, 0, 4);
      expect(await ask(isolate, path, range)).toMatchObject({ status: 200, text: BODY });
      expect((await origin.seen(path)).at(-1)?.headers).not.toHaveProperty('range');
      expect((await isolate.get(path)).cacheStatus).toMatchObject({ hit: true });
    },
  );

  test('of several ranges is as the origin sends it, and not stored', async () => {
    const isolate = await here();
    const path = nextPath();
    const headers = [...FRESH, ['content-type', 'multipart/byteranges; boundary=x']] as const;
    await origin.rescript(path, [{ to: 'range', status: 206, headers, body: '--x--' }]);
    for (const _time of [1, 2]) {
      const answer = await ask(isolate, path, 'bytes=0-1,3-4');
      expect(answer).toMatchObject({ status: 206, text: '--x--' });
      expect(answer.cacheStatus).toEqual({ fwd: 'uri-miss', detail: 'range' });
    }
  });

  test.each([
    ['not there', 416],
    ['refused', 400],
    ['not to be had under a condition', 412],
  ])('that is %s is the origin’s to say, to this client only', async (_what, status) => {
    const isolate = await here();
    const path = nextPath();
    const headers = [...FRESH, ['content-range', 'bytes */10']] as const;
    await origin.rescript(path, [
      { headers: TAGGED, body: BODY },
      { to: 'range', status, headers, body: '' },
    ]);
    for (const _time of [1, 2]) {
      const answer = await ask(isolate, path, 'bytes=10-');
      expect(answer).toMatchObject({ status, cacheStatus: { fwd: 'uri-miss' } });
      expect(answer.cacheStatus).not.toHaveProperty('stored');
      expect(answer.headers.get('content-range')).toBe('bytes */10');
    }
    // Everybody would be answered that way (section 15.5.17).
    expect(await isolate.get(path)).toMatchObject({ status: 200, text: BODY });
  });
});

test('what a range has caused is stored for nobody, also where requests are not collapsed', async () => {
  const isolate = await here();
  const path = nextPath();
  await origin.rescript(path, [{ headers: [['cache-control', 'no-store']], body: BODY }]);
  await isolate.get(path);
  const refused = { to: 'range', status: 416, headers: FRESH, body: '' } as const;
  await origin.rescript(path, [{ headers: TAGGED, body: BODY }, refused]);
  expect((await ask(isolate, path, 'bytes=4-2')).cacheStatus).not.toHaveProperty('stored');
  expect(await isolate.get(path)).toMatchObject({ status: 200, text: BODY });
});

describe('a part is purged with its resource', () => {
  test.each([
    ['by URL', (path: string, host: string) => ({ urls: [`https://${host}${path}`] })],
    [
      'softly',
      (path: string, host: string) => ({ urls: [`https://${host}${path}`], mode: 'soft' }),
    ],
    [
      'with everything below a path',
      (path: string, host: string) => ({ prefixes: [`https://${host}${path}`] }),
    ],
    ['by tag', () => ({ tags: ['a'] })],
    ['with everything', () => ({ all: true })],
  ])('%s', async (_what, named) => {
    const { isolate, host } = await deploy({ origin: origin.url });
    const one = isolate();
    const path = nextPath();
    await slices(path, 4, 8, [...TAGGED, ['cache-tag', 'a']]);
    await ask(one, path, 'bytes=4-8');
    expect((await ask(one, path, 'bytes=4-8')).cacheStatus).toMatchObject({ hit: true });
    // What comes next is not stored, so that the other isolate can only find what the purge has left.
    await slices(path, 4, 8, [['cache-control', 'no-store']]);
    expect((await one.purge(named(path, host))).status).toBe(200);
    for (const by of [one, isolate()]) {
      const answer = await ask(by, path, 'bytes=5-6');
      expect(answer.cacheStatus).toMatchObject({ detail: 'no-store' });
      expect(answer.cacheStatus).toHaveProperty('fwd');
    }
    expect(await origin.count(path)).toBe(3);
  });

  test('and a POST to its URL (RFC 9111, section 4.4)', async () => {
    const isolate = await here();
    const path = nextPath();
    await slices(path, 4, 8);
    await ask(isolate, path, 'bytes=4-8');
    await isolate.send('POST', path, { body: 'x' });
    expect((await ask(isolate, path, 'bytes=4-8')).cacheStatus?.['hit']).toBeUndefined();
  });
});

describe('a part of a variant', () => {
  test('is of that variant only, once a whole response has told what varies (RFC 9111, section 4.1)', async () => {
    const isolate = await here();
    const path = nextPath();
    const varying = [...FRESH, ['vary', 'x-own']] as const;
    await origin.rescript(path, [{ headers: varying, body: BODY }]);
    await isolate.get(path, { 'x-own': 'known' });
    await slices(path, 4, 8, varying);
    const part = (own: string): Promise<Answer> =>
      isolate.get(path, { range: 'bytes=4-8', 'x-own': own });
    expect((await part('1')).cacheStatus).toEqual({ fwd: 'vary-miss', stored: true });
    expect((await part('1')).cacheStatus).toMatchObject({ hit: true });
    expect((await part('2')).cacheStatus).toMatchObject({ fwd: 'vary-miss' });
  });
});
