import { describe, expect, test } from 'vitest';
import { deploy, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { arrived, waiting } from './collapse-stage.ts';

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

let number = 0;
async function scene(): Promise<{ readonly here: Isolate; readonly path: string }> {
  const deployment = await deploy({ origin: origin.url, redis: endpoint });
  centres.enter('near');
  return { here: deployment.isolate(), path: `/shared/${(number += 1)}` };
}

const VARIES = 'max-age=600';
const fresh = [
  ['cache-control', VARIES],
  ['vary', 'Cookie'],
  ['etag', '"1"'],
] as const;

describe('Vary that comes with a 304 (RFC 9111, section 4.1) [trap:vary-304]', () => {
  test('counts for a refresh behind an answer', async () => {
    const { here, path } = await scene();
    const headers = [
      ['cache-control', 'max-age=1, stale-while-revalidate=600'],
      ['etag', '"1"'],
    ] as const;
    await origin.script({ target: path, body: 'of alice', headers, notModified: fresh });
    await here.get(path, { cookie: 'u=alice' });
    clock.advance(2000);
    await here.get(path, { cookie: 'u=alice' });
    await origin.rescript(path, [{ body: 'of bob', headers: fresh }]);
    expect((await here.get(path, { cookie: 'u=bob' })).text).toBe('of bob');
  });

  test('counts for those who wait for it', async () => {
    const { here, path } = await scene();
    const headers = [
      ['cache-control', 'max-age=1'],
      ['etag', '"1"'],
    ] as const;
    await origin.script({ target: path, body: 'of alice', headers, notModified: fresh });
    await here.get(path, { cookie: 'u=alice' });
    clock.advance(2000);
    await origin.hold(path);
    const alice = here.get(path, { cookie: 'u=alice' });
    await arrived(origin, path, 2);
    const { answers } = await waiting(here, path, 1);
    await origin.pass(path, 1);
    // The one without a cookie does not get what was validated for Alice, and asks for itself.
    await arrived(origin, path, 3);
    await origin.release(path);
    expect((await alice).text).toBe('of alice');
    expect((await answers)[0]?.cacheStatus).not.toMatchObject({ collapsed: true });
  });
});

describe('a variant in one’s preferred language', () => {
  const of = (language: string, control = VARIES) =>
    [
      ['cache-control', control],
      ['vary', 'Accept-Language'],
      ['content-language', language],
    ] as const;

  test('is not one that was made for what somebody made up', async () => {
    const { here, path } = await scene();
    const made = 'fr,"><script>alert(1)</script>';
    await origin.script({ target: path, body: `You said: ${made}`, headers: of('fr') });
    await here.get(path, { 'accept-language': made });
    await origin.script({ target: path, body: 'You said: fr, en;q=0.5', headers: of('fr') });
    const answer = await here.get(path, { 'accept-language': 'fr, en;q=0.5' });
    expect(answer.text).toBe('You said: fr, en;q=0.5');
  });

  test('is refreshed only by those who sent what it was loaded for', async () => {
    const { here, path } = await scene();
    const control = 'max-age=1, stale-while-revalidate=600';
    await origin.script({ target: path, body: 'en français', headers: of('fr', control) });
    await here.get(path, { 'accept-language': 'fr, de;q=0.5' });
    clock.advance(2000);
    // No French any more: each gets a second choice.
    await origin.script({ target: path, body: 'in English', headers: of('en', control) });
    await here.get(path, { 'accept-language': 'fr, en;q=0.5' });
    const answer = await here.get(path, { 'accept-language': 'fr, de;q=0.5' });
    expect(answer.text).toBe('en français');
  });
});

test('what one client wants anew in another’s language is stored under its own fields', async () => {
  const policy = { requestDirectives: 'honour' } as const;
  const deployment = await deploy({ origin: origin.url, redis: endpoint, policy });
  centres.enter('near');
  const here = deployment.isolate();
  const path = `/shared/${(number += 1)}`;
  const of = (language: string) =>
    [
      ['cache-control', VARIES],
      ['vary', 'Accept-Language'],
      ['content-language', language],
    ] as const;
  const first = { 'accept-language': 'de, en;q=0.5' };
  await origin.script({ target: path, body: 'for de, en', headers: of('de') });
  await here.get(path, first);
  await origin.script({ target: path, body: 'for de, fr', headers: of('fr') });
  for (const method of ['HEAD', 'GET']) {
    const headers = { 'accept-language': 'de, fr;q=0.9', 'cache-control': 'no-cache' };
    await here.send(method, path, { headers });
    expect((await here.get(path, first)).text).toBe('for de, en');
  }
});

test('64 made-up values keep nobody else’s variant out, and no more than 64 are served [trap:cache-busting]', async () => {
  const { here, path } = await scene();
  const headers = [
    ['cache-control', 'max-age=86400'],
    ['vary', 'X-Made-Up'],
  ] as const;
  await origin.script({ target: path, headers });
  const ask = (value: string) => here.get(path, { 'x-made-up': value });
  for (let value = 0; value < 70; value += 1) await ask(String(value));
  await ask('real');
  expect((await ask('real')).cacheStatus).toMatchObject({ hit: true });
  expect((await ask('69')).cacheStatus).toMatchObject({ hit: true });
  expect((await ask('1')).cacheStatus).toMatchObject({ fwd: 'vary-miss' });
});

test('fields that the origin is never sent select nothing [trap:unkeyed-headers]', async () => {
  const { here, path } = await scene();
  const headers = [
    ['cache-control', VARIES],
    ['vary', 'CF-IPCountry, TE, X-Real-IP'],
  ] as const;
  await origin.script({ target: path, headers });
  await here.get(path, { 'cf-ipcountry': 'DE', 'x-real-ip': '192.0.2.1' });
  const answer = await here.get(path, { 'cf-ipcountry': 'FR', 'x-real-ip': '192.0.2.2' });
  expect(answer.cacheStatus).toMatchObject({ hit: true });
});

test.each([
  ['no-store', { 'cache-control': 'no-store' }],
  ['Authorization', { authorization: 'Basic x' }],
])('a request with %s that leads a validation keeps the others from nothing', async (_, sent) => {
  const { here, path } = await scene();
  const answer = (control: string) =>
    [
      ['cache-control', control],
      ['etag', '"1"'],
    ] as const;
  const notModified = answer(VARIES);
  await origin.script({ target: path, body: 'page', headers: answer('max-age=1'), notModified });
  await here.get(path);
  clock.advance(2000);
  await origin.hold(path);
  const leader = here.send('GET', path, { headers: sent });
  await arrived(origin, path, 2);
  const { answers } = await waiting(here, path, 30);
  await origin.release(path);
  await leader;
  for (const { text } of await answers) expect(text).toBe('page');
  // One more for the thirty; and one behind the leader's answer, for everybody.
  expect(await origin.count(path)).toBeLessThanOrEqual(4);
});

test('what a 304 says to the one who asked reaches that one alone (RFC 9111, section 5.2.2.7)', async () => {
  const { here, path } = await scene();
  const answer = (control: string, cookie: string) =>
    [
      ['cache-control', `${control}, private="set-cookie"`],
      ['etag', '"1"'],
      ['set-cookie', cookie],
    ] as const;
  const notModified = answer(VARIES, 'a=2');
  await origin.script({ target: path, headers: answer('max-age=1', 'a=1'), notModified });
  expect((await here.get(path)).headers.get('set-cookie')).toBe('a=1');
  clock.advance(2000);
  expect((await here.get(path)).headers.get('set-cookie')).toBe('a=2');
  expect((await here.get(path)).headers.has('set-cookie')).toBe(false);
});
