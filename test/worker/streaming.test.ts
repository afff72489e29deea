import { describe, expect, test } from 'vitest';
import { deploy, type Isolate } from '../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { arrived } from './collapse-stage.ts';

/* A body on its way: to the client while it comes, and into the store when it is whole. */

/** Above it an answer that says its length is not waited for. */
const LARGE = 200_000;
const CAP = 300_000;

const { centres } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

async function world() {
  const deployment = await deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_MAX_ENTRY_BYTES: CAP, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });
  return { ...deployment, here: deployment.isolate() };
}

let number = 0;
const nextPath = (): string => `/streaming/${(number += 1)}`;

/** Bytes of every value, which no two positions of a chunk share in the same order. */
function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  let state = length;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

async function script(
  path: string,
  bytes: Uint8Array,
  more: Partial<ScriptedAnswer> = {},
): Promise<void> {
  const headers = [['cache-control', 'max-age=600']] as const;
  await origin.script({ target: path, headers, ...more, bytes: bytes.toBase64() });
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
}

function readerOf({ body }: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (!body) throw new Error('The answer has no body.');
  return (body as ReadableStream<Uint8Array>).getReader();
}

/** Reads a whole answer, and has nothing to say of what it leaves behind. */
async function read(isolate: Isolate, path: string) {
  const { response, settled } = await isolate.open(path);
  const bytes = new Uint8Array(await response.arrayBuffer());
  await settled();
  return { bytes, response, hit: response.headers.get('cache-status')?.includes('; hit') ?? false };
}

async function expectStored(
  { here, isolate }: Awaited<ReturnType<typeof world>>,
  path: string,
  wanted: Uint8Array<ArrayBuffer>,
  count = 1,
): Promise<void> {
  // Memory, and Redis.
  for (const [centre, one] of [
    ['near', here],
    ['far', isolate()],
  ] as const) {
    centres.enter(centre);
    const { bytes, hit, response } = await read(one, path);
    expect(hit).toBe(true);
    expect(response.headers.get('content-length')).toBe(String(wanted.byteLength));
    expect(await digest(bytes)).toBe(await digest(wanted));
  }
  expect(await origin.count(path)).toBe(count);
}

/** How the origin frames a body. */
const framings = [
  ['with its length', {}],
  ['in chunks', { chunked: true }],
] as const;

describe.each(framings)('a large body: %s', (_, framing) => {
  test('reaches the client while the origin still has the rest of it', async () => {
    const path = nextPath();
    const at = await world();
    const bytes = bytesOf(LARGE);
    await script(path, bytes, { ...framing, holdAfter: 1000 });
    const { response, settled } = await at.here.open(path);
    expect(response.headers.get('content-length')).toBe(
      'chunked' in framing ? null : String(LARGE),
    );
    const reader = readerOf(response);
    const got: number[] = [];
    while (got.length < 1000) got.push(...((await reader.read()).value ?? []));
    await origin.release(path);
    for (let next = await reader.read(); !next.done; next = await reader.read())
      got.push(...next.value);
    expect(await digest(Uint8Array.from(got))).toBe(await digest(bytes));
    await settled();
    await expectStored(at, path, bytes);
  });

  test('is stored although its client goes away in the middle', async () => {
    const path = nextPath();
    const at = await world();
    const bytes = bytesOf(LARGE);
    await script(path, bytes, { ...framing, holdAfter: 1000 });
    const { response, settled } = await at.here.open(path);
    const reader = readerOf(response);
    expect((await reader.read()).value?.byteLength).toBeGreaterThan(0);
    await reader.cancel();
    await origin.release(path);
    await settled();
    await expectStored(at, path, bytes);
  });

  test('is stored although its client reads none of it', async () => {
    const path = nextPath();
    const at = await world();
    const bytes = bytesOf(LARGE);
    await script(path, bytes, { ...framing });
    const { response, settled } = await at.here.open(path);
    await settled();
    await expectStored(at, path, bytes);
    expect(await digest(new Uint8Array(await response.arrayBuffer()))).toBe(await digest(bytes));
  });

  test('is given to all who wait for it, however slow the first of them reads', async () => {
    const path = nextPath();
    const { here } = await world();
    const bytes = bytesOf(LARGE);
    await script(path, bytes, { ...framing });
    await origin.hold(path);
    const opening = here.open(path);
    await arrived(origin, path, 1);
    const others = Promise.all(Array.from({ length: 10 }, () => read(here, path)));
    await origin.release(path);
    // It has its head by now, and reads nothing.
    const slow = await opening;
    for (const other of await others) expect(await digest(other.bytes)).toBe(await digest(bytes));
    expect(await origin.count(path)).toBe(1);
    const rest = new Uint8Array(await slow.response.arrayBuffer());
    expect(await digest(rest)).toBe(await digest(bytes));
  });

  test('past the cap reaches the client whole, and is not stored [trap:oversized]', async () => {
    const path = nextPath();
    const { here, isolate } = await world();
    const bytes = bytesOf(2 * CAP);
    await script(path, bytes, { ...framing });
    for (const one of [here, here, isolate()]) {
      const answer = await read(one, path);
      expect(answer.hit).toBe(false);
      expect(await digest(answer.bytes)).toBe(await digest(bytes));
    }
    expect(await origin.count(path)).toBe(3);
  });

  test('past the cap reaches whoever has waited for it', async () => {
    const path = nextPath();
    const { here } = await world();
    const bytes = bytesOf(2 * CAP);
    await script(path, bytes, { ...framing });
    await origin.hold(path);
    const all = Promise.all(Array.from({ length: 5 }, () => read(here, path)));
    await arrived(origin, path, 1);
    await origin.release(path);
    for (const one of await all) expect(await digest(one.bytes)).toBe(await digest(bytes));
  });

  test('past the cap lets its client go away, and the origin with it [trap:oversized]', async () => {
    const path = nextPath();
    const { here } = await world();
    await script(path, bytesOf(2 * CAP), { ...framing, holdAfter: CAP + 1000 });
    const { response, settled } = await here.open(path);
    const reader = readerOf(response);
    await reader.read();
    await reader.cancel();
    await settled();
    await origin.release(path);
    await script(path, bytesOf(10));
    expect((await read(here, path)).bytes).toHaveLength(10);
  });

  test.each([CAP, CAP + 1])('of %i bytes is stored up to the cap, to the byte', async (length) => {
    const path = nextPath();
    const at = await world();
    const bytes = bytesOf(length);
    await script(path, bytes, { ...framing });
    expect(await digest((await read(at.here, path)).bytes)).toBe(await digest(bytes));
    if (length <= CAP) await expectStored(at, path, bytes);
    else expect((await read(at.here, path)).hit).toBe(false);
  });

  test('that the client has already is stored, and not sent', async () => {
    const path = nextPath();
    const at = await world();
    const bytes = bytesOf(LARGE);
    const headers = [
      ['cache-control', 'max-age=600'],
      ['etag', '"own"'],
    ] as const;
    await script(path, bytes, { ...framing, headers });
    const answer = await at.here.get(path, { 'if-none-match': '"own"' });
    expect(answer).toMatchObject({ status: 304, text: '' });
    await expectStored(at, path, bytes);
  });
});

describe('a body in tiny chunks', () => {
  test.each([1, 7])('of %i bytes, thousands of them, is stored as it is', async (chunkBytes) => {
    const path = nextPath();
    const at = await world();
    const bytes = bytesOf(5000 * chunkBytes);
    await script(path, bytes, { chunkBytes });
    expect(await digest((await read(at.here, path)).bytes)).toBe(await digest(bytes));
    await expectStored(at, path, bytes);
  });
});

describe.each([
  ['of no bytes', 0],
  ['of one byte', 1],
])('a body %s', (_, length) => {
  test.each(framings)('%s is stored', async (__, framing) => {
    const path = nextPath();
    const at = await world();
    await script(path, bytesOf(length), { ...framing });
    expect((await read(at.here, path)).bytes).toHaveLength(length);
    await expectStored(at, path, bytesOf(length));
  });
});
