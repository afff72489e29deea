import { describe, expect, test } from 'vitest';
import { deploy, type Isolate } from '../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { arrived } from './collapse-stage.ts';

/* A body that ends too early is never stored, whatever way it ends and however it was framed, and its client can tell. */

const SMALL = 2000;
/** More than an answer that says its length is waited for. */
const LARGE = 200_000;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

let number = 0;
const nextPath = (): string => `/truncation/${(number += 1)}`;

const headers = [
  ['cache-control', 'max-age=600, stale-if-error=600'],
  ['etag', '"1"'],
] as const;
const whole = (length: number): string => 'x'.repeat(length);

/** What the client got: a status, and the length of a body or that it broke off. */
async function look(isolate: Isolate, path: string) {
  const { response, settled } = await isolate.open(path);
  const length = await response.text().then(
    (text) => text.length,
    () => 'broken',
  );
  await settled();
  return { status: response.status, length };
}

/** What had begun breaks off; what had not is an error from its beginning. */
function isError({ status, length }: Awaited<ReturnType<typeof look>>): boolean {
  return status === 502 || length === 'broken';
}

async function expectNothingStored(isolates: readonly Isolate[], path: string, length: number) {
  await origin.link('open');
  await origin.rescript(path, [{ headers, body: whole(length) }]);
  const before = await origin.count(path);
  // An origin that has failed several times is left alone for a moment.
  clock.advance(2000);
  for (const [at, isolate] of isolates.entries()) {
    centres.enter(at === 0 ? 'near' : 'far');
    expect(await look(isolate, path)).toEqual({ status: 200, length });
  }
  expect(await origin.count(path)).toBe(before + 1);
  const last = (await origin.seen(path)).at(-1);
  expect(last?.headers).not.toHaveProperty('if-none-match');
}

const cuts: readonly (readonly [string, number, Partial<ScriptedAnswer>])[] = [
  ['a small body that is shorter than it says', SMALL, { breakAfter: SMALL - 1 }],
  ['a small body of which nothing comes', SMALL, { breakAfter: 0 }],
  ['a large body that is shorter than it says', LARGE, { breakAfter: LARGE - 1 }],
  ['a large body of which little comes', LARGE, { breakAfter: 10 }],
  ['a small body whose chunks are cut off', SMALL, { breakAfter: SMALL, chunked: true }],
  ['a large body whose chunks are cut off', LARGE, { breakAfter: LARGE, chunked: true }],
];

test.each(cuts)('%s', async (_, length, answer) => {
  const path = nextPath();
  const { isolate } = await deploy({ origin: origin.url, redis: endpoint });
  const here = isolate();
  await origin.rescript(path, [{ ...answer, headers, body: whole(length) }]);
  expect(isError(await look(here, path))).toBe(true);
  await expectNothingStored([here, isolate()], path, length);
});

describe.each([
  ['small', SMALL, {}],
  ['large', LARGE, {}],
  ['small, in chunks', SMALL, { chunked: true }],
  ['large, in chunks', LARGE, { chunked: true }],
] as const)(
  'a body in whose middle the connection is reset: %s [trap:truncation]',
  (_, length, framing) => {
    test('is an error for its client and for all who wait, and nothing is stored', async () => {
      const path = nextPath();
      const { isolate } = await deploy({
        origin: origin.url,
        redis: endpoint,
        variables: { CACHE_REDIS_TIMEOUT_MS: 10_000 },
      });
      const here = isolate();
      const answer = { ...framing, headers, body: whole(length), holdAfter: 1000 };
      await origin.rescript(path, [answer]);
      const first = look(here, path);
      await arrived(origin, path, 1);
      const others = Promise.all([look(here, path), look(here, path)]);
      // Its beginning has come.
      await expect.poll(async () => (await origin.seen(path))[0]?.answered).toBe(200);
      await origin.link('cut');
      expect([await first, ...(await others)].filter((got) => !isError(got))).toEqual([]);
      await expectNothingStored([here, isolate()], path, length);
    });
  },
);
