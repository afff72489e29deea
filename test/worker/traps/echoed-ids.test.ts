import { describe, expect, test } from 'vitest';
import { deploy, type Answer } from '../../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../../support/origin.ts';
import { stage } from '../../support/stage.ts';
import { arrived, waiting } from '../collapse-stage.ts';

const { clock, centres } = stage();
const origin = await openOrigin();
const deployment = await deploy({ origin: origin.url });

/** Names no other thing in any answer. */
const ID = 'canary-7f3a9d01';
const FRESH = [['cache-control', 'public, max-age=60']] as const;
const STALE_SOON = [
  ['cache-control', 'public, max-age=1'],
  ['etag', '"1"'],
] as const;

let number = 0;

/**
 * A path whose origin answers requests that have a field with the same field; others without.
 * @param answer for both
 */
async function scene(
  name: string,
  answer: Omit<ScriptedAnswer, 'target'> = { headers: FRESH },
): Promise<string> {
  centres.enter(`near-${(number += 1)}`);
  const path = `/echoed-ids/${number}`;
  const echo = [name, ID] as const;
  const { headers = [], notModified } = answer;
  const again = notModified && { notModified: [...notModified, echo] };
  await origin.rescript(path, [
    answer,
    { ...answer, ...again, to: name.toLowerCase(), headers: [...headers, echo] },
  ]);
  return path;
}

/** Those of some answers that have it. */
const toldIt = (...answers: readonly Answer[]): readonly Answer[] =>
  answers.filter(({ text, headers }) => JSON.stringify([text, ...headers]).includes(ID));

const NAMES = [
  'Request-Id',
  'Traceparent',
  'X-Amzn-Trace-Id',
  'X-B3-TraceId',
  'X-Correlation-Id',
  'X-Request-Id',
];

describe('an id that the origin repeats in its own field [trap:unkeyed-headers]', () => {
  test.each(NAMES)('%s is told to its sender, and stored for nobody', async (name) => {
    const path = await scene(name);
    const here = deployment.isolate();
    const first = await here.get(path, { [name]: ID });
    expect(first.headers.get(name)).toBe(ID);
    expect(first.cacheStatus).toMatchObject({ fwd: 'uri-miss', stored: true });
    const later = [
      await here.get(path),
      await deployment.isolate().get(path),
      await here.send('HEAD', path),
      await here.get(path, { range: 'bytes=0-3' }),
      await here.get(path, { [name]: 'another-id' }),
      await here.get(path, { [name]: ID }),
    ];
    expect(toldIt(...later)).toEqual([]);
    expect(later.every(({ cacheStatus }) => cacheStatus?.['hit'] === true)).toBe(true);
    expect(await origin.count(path)).toBe(1);
  });

  test('of a body that is streamed is stored for nobody either', async () => {
    const body = 'x'.repeat(200_000);
    const path = await scene('X-Request-Id', { headers: FRESH, body, chunked: true });
    const here = deployment.isolate();
    const first = await here.get(path, { 'x-request-id': ID });
    expect(first.headers.get('x-request-id')).toBe(ID);
    const [later, elsewhere] = [await here.get(path), await deployment.isolate().get(path)];
    expect(toldIt(later, elsewhere)).toEqual([]);
    expect([later.cacheStatus, elsewhere.cacheStatus]).toMatchObject([
      { hit: true },
      { hit: true },
    ]);
    expect(later.text).toBe(body);
  });

  test('is not told to those who wait, and they share the rest', async () => {
    const path = await scene('X-Request-Id');
    const here = deployment.isolate();
    await origin.hold(path);
    const first = here.get(path, { 'x-request-id': ID });
    await arrived(origin, path, 1);
    const { answers } = await waiting(here, path, 5);
    await origin.release(path);
    expect((await first).headers.get('x-request-id')).toBe(ID);
    expect(toldIt(...(await answers))).toEqual([]);
    expect(await origin.count(path)).toBe(1);
  });

  test('in a 304 renews what is stored without it', async () => {
    const path = await scene('X-Request-Id', { headers: STALE_SOON, notModified: STALE_SOON });
    const here = deployment.isolate();
    await here.get(path);
    clock.advance(2000);
    const first = await here.get(path, { 'x-request-id': ID });
    expect(first.headers.get('x-request-id')).toBe(ID);
    expect(first.cacheStatus).toMatchObject({ 'fwd-status': 304, stored: true });
    const later = await here.get(path);
    expect(toldIt(later)).toEqual([]);
    expect(later.cacheStatus).toMatchObject({ hit: true });
    expect(await origin.count(path)).toBe(2);
  });

  test('in the answer to a HEAD renews what is stored without it', async () => {
    const path = await scene('X-Request-Id', { headers: STALE_SOON });
    const here = deployment.isolate();
    await here.get(path);
    clock.advance(2000);
    const first = await here.send('HEAD', path, { headers: { 'x-request-id': ID } });
    expect(first.headers.get('x-request-id')).toBe(ID);
    expect(first.cacheStatus).toMatchObject({ stored: true });
    const later = await here.get(path);
    expect(toldIt(later)).toEqual([]);
    expect(later.cacheStatus).toMatchObject({ hit: true });
    expect(await origin.count(path)).toBe(2);
  });

  test('in a part is stored with no part', async () => {
    const path = await scene('X-Request-Id', {
      status: 206,
      body: 'abcd',
      headers: [...FRESH, ['etag', '"1"'], ['content-range', 'bytes 0-3/8']],
    });
    const here = deployment.isolate();
    const range = 'bytes=0-3';
    const first = await here.get(path, { 'x-request-id': ID, range });
    expect(first.headers.get('x-request-id')).toBe(ID);
    const later = await here.get(path, { range });
    expect(toldIt(later)).toEqual([]);
    expect(later).toMatchObject({ status: 206, cacheStatus: { hit: true } });
    expect(await origin.count(path)).toBe(1);
  });

  test('in the answer to a POST is not stored with it', async () => {
    const path = await scene('X-Request-Id');
    const headers = [...FRESH, ['content-location', path], ['x-request-id', ID]] as const;
    await origin.rescript(path, [{ headers }]);
    const here = deployment.isolate();
    // Without what a GET learns of the ledger nothing is stored.
    await here.get(`${path}/other`);
    const posted = await here.send('POST', path, { headers: { 'x-request-id': ID } });
    expect(posted.headers.get('x-request-id')).toBe(ID);
    expect(posted.cacheStatus).toMatchObject({ stored: true });
    const later = await here.get(path);
    expect(toldIt(later)).toEqual([]);
    expect(later.cacheStatus).toMatchObject({ hit: true });
  });

  test('by which the response varies is told to those who say it too', async () => {
    const path = await scene('X-Request-Id', { headers: [...FRESH, ['vary', 'X-Request-Id']] });
    const here = deployment.isolate();
    await here.get(path, { 'x-request-id': ID });
    const same = await here.get(path, { 'x-request-id': ID });
    expect(same.cacheStatus).toMatchObject({ hit: true });
    expect(same.headers.get('x-request-id')).toBe(ID);
    expect(toldIt(await here.get(path))).toEqual([]);
  });

  test.each<[string, Omit<ScriptedAnswer, 'target'>]>([
    ['the body', { body: `<p>Your request: ${ID}</p>`, headers: [['x-request-id', ID]] }],
    [
      'another field',
      {
        headers: [
          ['x-request-id', ID],
          ['x-said', ID],
        ],
      },
    ],
    ['its own field, with more', { headers: [['x-request-id', `${ID}; by=origin`]] }],
  ])('and in %s: nothing is stored', async (_, { body, headers = [] }) => {
    const path = await scene('X-Request-Id');
    await origin.rescript(path, [
      { headers: FRESH },
      {
        to: 'x-request-id',
        headers: [...FRESH, ...headers],
        ...(body === undefined ? {} : { body }),
      },
    ]);
    const here = deployment.isolate();
    const first = await here.get(path, { 'x-request-id': ID });
    expect(first.cacheStatus).toMatchObject({ detail: 'reflected' });
    expect(first.headers.get('x-request-id')).toContain(ID);
    expect(toldIt(await here.get(path), await deployment.isolate().get(path))).toEqual([]);
    expect(await origin.count(path)).toBe(2);
  });
});

test('nobody takes a field from what is stored by guessing it [trap:unkeyed-headers]', async () => {
  centres.enter(`near-${(number += 1)}`);
  const path = `/echoed-ids/${number}`;
  const guarded = ['x-frame-options', 'DENY'] as const;
  await origin.rescript(path, [{ headers: [...FRESH, guarded] }]);
  const here = deployment.isolate();
  await here.get(path, { 'x-frame-options': 'DENY' });
  expect((await here.get(path)).headers.get('x-frame-options')).toBe('DENY');
});
