import { expect, test } from 'vitest';
import { deploy, type OpenAnswer } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* Bodies that are being kept while their clients read none of them: an isolate holds so many bytes of them and no more. */

const MEBIBYTE = 1_048_576;
const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

let number = 0;

/** A body that no two paths share, in the way that it is asked for. */
async function scene(framing: { readonly chunked?: true }, range: string | undefined) {
  const base = `/room/${(number += 1)}`;
  const { isolate } = await deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });
  const here = isolate();
  const paths: string[] = [];
  const body = (path: string): string => path.padEnd(MEBIBYTE, '.');
  const open = async (): Promise<OpenAnswer & { readonly path: string }> => {
    const path = `${base}/${paths.length}`;
    paths.push(path);
    const control = ['cache-control', 'max-age=600'] as const;
    const headers = [control, ['content-range', `bytes 0-${MEBIBYTE - 1}/9000000`]] as const;
    await origin.script(
      range === undefined
        ? { target: path, headers: [control], body: body(path), ...framing }
        : { target: path, status: 206, headers, body: body(path), ...framing },
    );
    const opened = await here.open(path, range === undefined ? {} : { range });
    return { ...opened, path };
  };
  const isHit = async (path: string): Promise<boolean> =>
    (await here.get(path, range === undefined ? {} : { range })).cacheStatus?.['hit'] === true;
  return { open, isHit, body };
}

const RANGE = `bytes=0-${MEBIBYTE - 1}`;

test.each([
  ['a part', RANGE, {}],
  ['a whole body', undefined, {}],
  ['a body of unknown length', undefined, { chunked: true }],
] as const)(
  '%s: past 32 MiB that nobody reads a body goes to its client only',
  async (_, range, framing) => {
    const { open, isHit, body } = await scene(framing, range);
    const unread: Awaited<ReturnType<typeof open>>[] = [];
    for (let at = 0; at < 32; at += 1) {
      const opened = await open();
      await opened.settled();
      expect(opened.response.headers.get('cache-status')).toContain('stored');
      unread.push(opened);
    }
    const refused = await open();
    expect(refused.response.headers.get('cache-status')).toContain('detail=busy');
    expect(await refused.response.text()).toBe(body(refused.path));
    await refused.settled();
    // What is held is not for nothing: it is stored.
    expect(await isHit(unread[0]?.path ?? '')).toBe(true);
    expect(await isHit(refused.path)).toBe(false);
    for (const { response, path } of unread.splice(0, 4))
      expect(await response.text()).toBe(body(path));
    for (const { response } of unread.splice(0, 4)) await response.body?.cancel();
    // There is room again.
    for (let at = 0; at < 8; at += 1) {
      const again = await open();
      expect(again.response.headers.get('cache-status')).toContain('stored');
      await again.settled();
      expect(await isHit(again.path)).toBe(true);
      unread.push(again);
    }
    for (const { response } of unread) await response.body?.cancel();
  },
);

test('whose reader has taken nothing for a minute gives way [trap:oversized]', async () => {
  const { open, isHit } = await scene({}, RANGE);
  const unread: Awaited<ReturnType<typeof open>>[] = [];
  for (let at = 0; at < 32; at += 1) {
    const opened = await open();
    await opened.settled();
    unread.push(opened);
  }
  clock.advance(60_000);
  const next = await open();
  expect(next.response.headers.get('cache-status')).toContain('stored');
  await next.response.text();
  await next.settled();
  expect(await isHit(next.path)).toBe(true);
  const broken = await Promise.allSettled(unread.map(({ response }) => response.text()));
  // What had come as a whole by then reaches its client all the same.
  expect(broken.filter(({ status }) => status === 'rejected')).toHaveLength(0);
});
