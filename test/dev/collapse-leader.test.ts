import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBundledGateway, type BundledGateway } from '../../dev/launcher/bundled-gateway.ts';
import { startScriptedOrigin, type ScriptedOrigin } from './scripted-origin.ts';

/*
 * A client whose request all others wait for, and who goes away: in workerd, over real sockets, where the promises of a
 * request whose client is gone may never settle.
 */

const FOLLOWERS = 20;
const LARGE = 400_000;
const WITHIN = { timeout: 10_000, interval: 10 };
/** Somebody who hangs would do so for ever. */
const ANSWERS_WITHIN_MS = 15_000;

let origin: ScriptedOrigin;
let gateway: BundledGateway;
beforeAll(async () => {
  origin = await startScriptedOrigin();
  gateway = await startBundledGateway({ origin: origin.url });
});
afterAll(async () => {
  await gateway.stop();
  await origin.stop();
});

let number = 0;
const nextPath = (): string => `/leader/${(number += 1)}`;
const count = (path: string): number =>
  origin.seen().filter(({ target }) => target === path).length;

/** A client of whom nothing is known but its connection. */
async function leave(path: string): Promise<Socket> {
  const { hostname, port, host } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return socket;
}

async function get(path: string): Promise<{ readonly text: string; readonly status: string }> {
  const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
  const response = await fetch(gateway.url + path, { signal });
  return { text: await response.text(), status: response.headers.get('cache-status') ?? '' };
}

/** So many who ask now. Resolves when they wait: one who asked later, for something else, has been answered. */
async function followers(path: string): Promise<{ readonly texts: Promise<readonly string[]> }> {
  const answers = Array.from({ length: FOLLOWERS }, () => get(path));
  const texts = Promise.all(answers).then((all) => all.map(({ text }) => text));
  await get(nextPath());
  return { texts };
}

const ways = [
  ['resets its connection', (socket: Socket) => void socket.resetAndDestroy()],
  ['closes its connection', (socket: Socket) => void socket.destroy()],
] as const;

describe.each(ways)('a client that leads and leaves: it %s [trap:collapse]', (_, go) => {
  test('before the origin answers: its request is the only one, and all others are answered', async () => {
    const path = nextPath();
    origin.script({ target: path, headers: [['cache-control', 'max-age=60']], body: 'for all' });
    origin.hold(path);
    const leader = await leave(path);
    await expect.poll(() => count(path), WITHIN).toBe(1);
    const { texts } = await followers(path);
    go(leader);
    // Somebody who comes when it is gone waits as well.
    const late = get(path);
    await get(nextPath());
    origin.release(path);
    expect(await texts).toEqual(Array.from({ length: FOLLOWERS }, () => 'for all'));
    expect((await late).text).toBe('for all');
    expect((await get(path)).status).toContain('; hit');
    expect(count(path)).toBe(1);
  });

  test('in the middle of a large body: all others get all of it, and it is stored', async () => {
    const path = nextPath();
    const body = 'x'.repeat(LARGE);
    const headers = [['cache-control', 'max-age=60']] as const;
    origin.script({ target: path, headers, body, holdAfter: 1000 });
    const leader = await leave(path);
    await once(leader, 'data');
    const { texts } = await followers(path);
    go(leader);
    await get(nextPath());
    origin.release(path);
    expect((await texts).map((text) => text.length)).toEqual(
      Array.from({ length: FOLLOWERS }, () => LARGE),
    );
    expect((await get(path)).status).toContain('; hit');
    expect(count(path)).toBe(1);
  });

  test('before an answer that is for nobody else: all others ask for themselves', async () => {
    const path = nextPath();
    origin.script({ target: path, headers: [['cache-control', 'no-store']] });
    origin.hold(path);
    const leader = await leave(path);
    await expect.poll(() => count(path), WITHIN).toBe(1);
    const { texts } = await followers(path);
    go(leader);
    await get(nextPath());
    origin.release(path);
    expect(new Set(await texts).size).toBe(FOLLOWERS);
    expect(count(path)).toBe(1 + FOLLOWERS);
  });

  test('before the origin fails: one of the others asks for all', async () => {
    const path = nextPath();
    origin.script({ target: path, drop: true });
    origin.hold(path);
    const leader = await leave(path);
    await expect.poll(() => count(path), WITHIN).toBe(1);
    const { texts } = await followers(path);
    go(leader);
    await get(nextPath());
    origin.pass(path, 1);
    await expect.poll(() => count(path), WITHIN).toBe(2);
    origin.script({ target: path, headers: [['cache-control', 'max-age=60']], body: 'for all' });
    origin.release(path);
    expect(await texts).toEqual(Array.from({ length: FOLLOWERS }, () => 'for all'));
    expect(count(path)).toBe(2);
  });
});

test('clients that wait and go away are no trouble for the others', async () => {
  const path = nextPath();
  origin.script({ target: path, headers: [['cache-control', 'max-age=60']], body: 'for all' });
  origin.hold(path);
  const leading = get(path);
  await expect.poll(() => count(path), WITHIN).toBe(1);
  const leaving = await Promise.all(Array.from({ length: FOLLOWERS }, () => leave(path)));
  const { texts } = await followers(path);
  for (const socket of leaving) socket.resetAndDestroy();
  await get(nextPath());
  origin.release(path);
  expect((await leading).text).toBe('for all');
  expect(await texts).toEqual(Array.from({ length: FOLLOWERS }, () => 'for all'));
  expect(count(path)).toBe(1);
});
