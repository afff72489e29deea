import { describe, expect, test } from 'vitest';
import { deploy, type Answer, type Isolate } from '../../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../../support/origin.ts';
import { stage } from '../../support/stage.ts';
import { arrived, waiting } from '../collapse-stage.ts';

const { clock, centres } = stage();
const origin = await openOrigin();
const deployment = await deploy({ origin: origin.url });

/** Names no other thing in any answer. */
const CANARY = 'canary-7f3a9d';
/** Bytes of every page. */
const LENGTH = 4000;

let number = 0;
const nextPath = (): string => `/poisoning/${(number += 1)}`;

/** An isolate, and a path on which the origin repeats every field that it is sent, and calls that cacheable. */
async function scene(headers: readonly (readonly [string, string])[] = []) {
  centres.enter(`near-${number}`);
  const path = nextPath();
  const fresh = [...FRESH, ...headers];
  await origin.script({ target: path, echo: LENGTH, headers: fresh });
  return { here: deployment.isolate(), path };
}

/** Those of some answers that have it. */
const poisoned = (...answers: readonly Answer[]): readonly Answer[] =>
  answers.filter(({ text, headers }) =>
    JSON.stringify([text, ...headers])
      .toLowerCase()
      .includes(CANARY),
  );

/** What the origin is never sent, and with what in it. */
const STRIPPED: Readonly<Record<string, string>> = {
  'Base-Url': `https://${CANARY}.example/`,
  'Client-IP': CANARY,
  Expect: CANARY,
  'Fastly-Client-IP': CANARY,
  Forwarded: `host=${CANARY}.example`,
  'Forwarded-For': CANARY,
  'Front-End-Https': CANARY,
  Proxy: CANARY,
  'Request-Uri': `/${CANARY}`,
  'Surrogate-Capability': CANARY,
  'True-Client-IP': CANARY,
  'X-Backend-Host': CANARY,
  'X-Client-IP': CANARY,
  'X-Cluster-Client-IP': CANARY,
  'X-Envoy-Original-Path': `/${CANARY}`,
  'X-Forwarded': CANARY,
  'X-Forwarded-By': CANARY,
  'X-Forwarded-For': CANARY,
  'X-Forwarded-Host': `${CANARY}.example`,
  'X-Forwarded-Path': `/${CANARY}`,
  'X-Forwarded-Port': CANARY,
  'X-Forwarded-Prefix': `/${CANARY}`,
  'X-Forwarded-Proto': CANARY,
  'X-Forwarded-Protocol': CANARY,
  'X-Forwarded-Scheme': CANARY,
  'X-Forwarded-Server': `${CANARY}.example`,
  'X-Forwarded-SSL': CANARY,
  X_Forwarded_Host: `${CANARY}.example`,
  'X-Host': `${CANARY}.example`,
  'X-Host-Override': `${CANARY}.example`,
  'X-HTTP-DestinationURL': `https://${CANARY}.example/`,
  'X-HTTP-Host-Override': `${CANARY}.example`,
  'X-HTTP-Method': CANARY,
  'X-HTTP-Method-Override': CANARY,
  'X-Matched-Path': `/${CANARY}`,
  'X-Method-Override': CANARY,
  'X-Middleware-Rewrite': `/${CANARY}`,
  'X-Original-Host': `${CANARY}.example`,
  'X-Original-URL': `/${CANARY}`,
  'X-Originating-IP': CANARY,
  'X-Proxy-URL': `https://${CANARY}.example/`,
  'X-Real-IP': CANARY,
  'X-Remote-Addr': CANARY,
  'X-Rewrite-URL': `/${CANARY}`,
  'X-Scheme': CANARY,
  'X-Server-Name': `${CANARY}.example`,
  'X-URL': `/${CANARY}`,
};

/** What the origin is sent, and repeats. */
const REPEATED: Readonly<Record<string, string>> = {
  Accept: `text/${CANARY}`,
  'Accept-Charset': CANARY,
  'Accept-Language': `en-GB, ${CANARY};q=0.5`,
  Authorization: `Bearer ${CANARY}`,
  'Cache-Control': `max-age=0, ${CANARY}`,
  Contact: `${CANARY}@example.com`,
  'Content-Type': `text/${CANARY}`,
  Cookie: `lang=de; tracking="><script>${CANARY}</script>`,
  DNT: CANARY,
  Destination: `https://${CANARY}.example/`,
  From: `${CANARY}@example.com`,
  'Next-Router-State-Tree': `%5B%22${CANARY}%22%5D`,
  Origin: `https://${CANARY}.example`,
  Pragma: CANARY,
  Profile: `http://${CANARY}.example/x.xml`,
  Referer: `https://${CANARY}.example/`,
  'Sec-Fetch-Dest': CANARY,
  Traceparent: CANARY,
  Translate: CANARY,
  'Upgrade-Insecure-Requests': CANARY,
  'User-Agent': `Mozilla/5.0 (X11; Linux x86_64) "><script>${CANARY}</script>`,
  Via: `1.1 ${CANARY}`,
  'X-Amz-Website-Redirect-Location': `https://${CANARY}.example/`,
  'X-Anything': CANARY,
  'X-Api-Version': CANARY,
  'X-Correlation-Id': CANARY.toUpperCase(),
  'X-Country-Code': CANARY,
  'X-Custom-Host': `${CANARY}.example`,
  'X-Device-Type': CANARY,
  'X-Requested-With': CANARY,
  'X-Timer': CANARY,
  'X-WAP-Profile': `http://${CANARY}.example/wap.xml`,
};

const FIELDS = Object.entries({ ...STRIPPED, ...REPEATED });
const SOME = FIELDS.filter(([name]) => name in REPEATED || /host$|url$|override$/i.test(name));

const FRESH = [['cache-control', 'public, max-age=60']] as const;
const STALE_SOON = [
  ['cache-control', 'public, max-age=1'],
  ['etag', '"1"'],
] as const;

/** A path for each of the fields, and two isolates. */
interface Scenes {
  readonly here: Isolate;
  readonly there: Isolate;
  readonly paths: readonly (readonly [path: string, field: Fields])[];
}
type Fields = Readonly<Record<string, string>>;

async function scenesOfAll(answers: readonly Omit<ScriptedAnswer, 'target'>[]): Promise<Scenes> {
  const paths = FIELDS.map(([name, value]) => [nextPath(), { [name]: value }] as const);
  for (const [path] of paths) await origin.rescript(path, answers);
  return { here: deployment.isolate(), there: deployment.isolate(), paths };
}

/** A few at a time. */
async function inTurn(asks: readonly (() => Promise<Answer>)[]): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < asks.length; at += 8)
    answers.push(...(await Promise.all(asks.slice(at, at + 8).map((ask) => ask()))));
  return answers;
}

const attack = (
  { here, paths }: Scenes,
  method: string,
  fields: Fields = {},
): Promise<readonly Answer[]> =>
  inTurn(
    paths.map(
      ([path, field]) =>
        () =>
          here.send(method, path, { headers: { ...fields, ...field } }),
    ),
  );

/** Asked where the attacker was, and elsewhere. */
const cleanly = ({ here, there, paths }: Scenes, fields: Fields = {}): Promise<readonly Answer[]> =>
  inTurn(
    [here, there].flatMap((isolate) =>
      paths.map(
        ([path]) =>
          () =>
            isolate.get(path, { ...fields }),
      ),
    ),
  );

describe('an origin that repeats all that it is told [trap:unkeyed-headers]', () => {
  test.each(Object.entries(STRIPPED))(
    'is never told %s, and its page is shared',
    async (name, value) => {
      const { here, path } = await scene();
      const attacked = await here.get(path, { [name]: value });
      expect(poisoned(attacked)).toEqual([]);
      expect(attacked.cacheStatus).toMatchObject({ stored: true });
      const [clean, elsewhere] = [await here.get(path), await deployment.isolate().get(path)];
      expect(poisoned(clean, elsewhere)).toEqual([]);
      expect([clean.cacheStatus, elsewhere.cacheStatus]).toMatchObject([
        { hit: true },
        { hit: true },
      ]);
      expect(await origin.count(path)).toBe(1);
    },
  );

  test.each(Object.entries(REPEATED))('repeats %s to its sender alone', async (name, value) => {
    const { here, path } = await scene();
    const attacked = await here.get(path, { [name]: value });
    expect(attacked.text.toLowerCase()).toContain(CANARY);
    expect(attacked.cacheStatus).toMatchObject({ fwd: 'uri-miss', detail: 'reflected' });
    expect(attacked.cacheStatus).not.toHaveProperty('stored');
    expect(poisoned(await deployment.isolate().get(path), await here.get(path))).toEqual([]);
    // The page without it is shared, also with who has brought it.
    const again = await here.get(path, { [name]: value });
    expect(again.cacheStatus).toMatchObject({ hit: true });
    expect(poisoned(again)).toEqual([]);
    expect(await origin.count(path)).toBe(2);
  });

  test.each(SOME)('tells those who wait nothing of %s', async (name, value) => {
    const { here, path } = await scene();
    await origin.hold(path);
    const attacked = here.get(path, { [name]: value });
    await arrived(origin, path, 1);
    const { answers } = await waiting(here, path, 3);
    await origin.release(path);
    await attacked;
    expect(poisoned(...(await answers))).toEqual([]);
    // One of those who waited asks for all of them.
    expect(await origin.count(path)).toBe(name in STRIPPED ? 1 : 2);
  });

  test('puts nothing into what a 304 renews', async () => {
    const scenes = await scenesOfAll([
      { echo: LENGTH, headers: STALE_SOON, notModified: STALE_SOON },
    ]);
    expect(poisoned(...(await cleanly(scenes)))).toEqual([]);
    clock.advance(2000);
    for (const { status, cacheStatus } of await attack(scenes, 'GET'))
      expect({ status, cacheStatus }).toMatchObject({
        status: 200,
        cacheStatus: { 'fwd-status': 304 },
      });
    expect(poisoned(...(await cleanly(scenes)))).toEqual([]);
    clock.advance(2000);
    expect(poisoned(...(await cleanly(scenes)))).toEqual([]);
  });

  test('puts nothing into what a HEAD renews', async () => {
    const scenes = await scenesOfAll([{ echo: LENGTH, headers: STALE_SOON }]);
    expect(poisoned(...(await cleanly(scenes)))).toEqual([]);
    clock.advance(2000);
    await attack(scenes, 'HEAD');
    expect(poisoned(...(await cleanly(scenes)))).toEqual([]);
  });

  test('puts nothing into a GET by the HEAD before it', async () => {
    const scenes = await scenesOfAll([{ echo: LENGTH, headers: FRESH }]);
    await attack(scenes, 'HEAD');
    expect(poisoned(...(await cleanly(scenes)))).toEqual([]);
  });

  test('puts nothing into a part, or the whole', async () => {
    const headers = [...FRESH, ['etag', '"1"']] as const;
    const part = ['content-range', `bytes 0-${LENGTH - 1}/${2 * LENGTH}`] as const;
    const asks = { range: `bytes=0-${LENGTH - 1}` };
    const scenes = await scenesOfAll([
      { echo: LENGTH, headers },
      { to: 'range', status: 206, echo: LENGTH, headers: [...headers, part] },
    ]);
    await attack(scenes, 'GET', asks);
    const parts = await cleanly(scenes, asks);
    expect(parts.every(({ status }) => status === 206)).toBe(true);
    expect(poisoned(...parts, ...(await cleanly(scenes)))).toEqual([]);
  });
});

describe('a repetition [trap:unkeyed-headers]', () => {
  test.each([1, 5, 7])('is found across the borders of chunks of %i bytes', async (chunkBytes) => {
    const { here, path } = await scene();
    const headers = FRESH;
    const body = `<p>${'x'.repeat(30)}${CANARY}</p>`;
    await origin.rescript(path, [
      { body: '<p>clean</p>', headers },
      { to: 'x-anything', body, headers, chunkBytes },
    ]);
    const attacked = await here.get(path, { 'x-anything': `"><${CANARY}` });
    // Nobody knew when it began.
    expect(attacked.cacheStatus).toMatchObject({ stored: true });
    const clean = await here.get(path);
    expect(clean.text).toBe('<p>clean</p>');
    expect(clean.cacheStatus).toMatchObject({ fwd: 'uri-miss', stored: true });
  });

  test.each(['X-Anything', 'Origin', 'Cookie', 'Accept-Language', 'User-Agent'])(
    'of %s, by which the response varies, is shared among equals',
    async (name) => {
      const { here, path } = await scene([['vary', name]]);
      const value = name === 'Cookie' ? `a=${CANARY}` : CANARY;
      const first = await here.get(path, { [name]: value });
      expect(first.cacheStatus).toMatchObject({ stored: true });
      const equal = await here.get(path, { [name]: value });
      expect(equal.cacheStatus).toMatchObject({ hit: true });
      expect(equal.text).toContain(CANARY);
      expect(
        poisoned(
          await here.get(path),
          await here.get(path, { [name]: `${value.slice(0, -6)}other` }),
        ),
      ).toEqual([]);
      expect(await origin.count(path)).toBe(3);
    },
  );

  test('of a field that the policy drops does not come about', async () => {
    const strict = await deploy({ origin: origin.url, policy: { requestHeaders: [] } });
    const { path } = await scene();
    const attacked = await strict.isolate().get(path, { 'x-anything': CANARY });
    expect(poisoned(attacked)).toEqual([]);
    expect(attacked.cacheStatus).toMatchObject({ stored: true });
  });

  test('in what a POST leaves is not stored', async () => {
    const { here, path } = await scene([['content-location', '/']]);
    const headers = [
      ['cache-control', 'public, max-age=60'],
      ['content-location', path],
    ] as const;
    await origin.rescript(path, [{ echo: LENGTH, headers }]);
    // Without what a GET learns of the ledger nothing is stored.
    await here.get(path);
    const fields = { 'x-anything': CANARY };
    const attacked = await here.send('POST', path, { headers: fields });
    expect(attacked.cacheStatus).not.toHaveProperty('stored');
    expect(poisoned(await here.get(path))).toEqual([]);
    expect(await origin.count(path)).toBe(3);
    expect((await here.send('POST', path)).cacheStatus).toMatchObject({ stored: true });
  });

  test('of words that stand in the page keeps no burst from sharing it', async () => {
    const { here, path } = await scene();
    const headers = FRESH;
    await origin.rescript(path, [{ body: '<p>Contact us by telephone</p>', headers }]);
    await origin.hold(path);
    const attacked = here.get(path, { 'x-anything': 'telephone' });
    await arrived(origin, path, 1);
    const { answers } = await waiting(here, path, 50);
    await origin.release(path);
    expect((await attacked).cacheStatus).toMatchObject({ detail: 'reflected' });
    expect(
      (await answers).filter(({ cacheStatus }) => cacheStatus?.['collapsed'] === true).length,
    ).toBe(49);
    expect(await origin.count(path)).toBe(2);
  });
});
