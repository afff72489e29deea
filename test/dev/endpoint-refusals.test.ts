import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Endpoint, startEndpoint } from '../../dev/endpoint/server.ts';
import { type RedisServer, startRedis } from '../../dev/redis/redis.ts';

let redis: RedisServer;
let endpoint: Endpoint;

beforeAll(async () => {
  redis = await startRedis('embedded');
  endpoint = await startEndpoint({ redis: redis.connection, token: 't' });
});
afterAll(async () => {
  await endpoint?.stop();
  await redis?.stop();
});

async function send(
  path: string,
  { body }: { body: readonly unknown[] },
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(endpoint.url + path, {
    method: 'POST',
    headers: { authorization: 'Bearer t' },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

async function run(...command: readonly unknown[]): Promise<unknown> {
  return (await send('/', { body: command })).json;
}

beforeEach(async () => {
  await run('FLUSHALL');
});

describe('refused commands', () => {
  const refused = [
    ['BLPOP', 'k', 0],
    ['blpop', 'k', 0],
    ['BZPOPMIN', 'k', 0],
    ['BLMOVE', 'a', 'b', 'LEFT', 'LEFT', 0],
    ['XREAD', 'COUNT', 1, 'BLOCK', 0, 'STREAMS', 's', '$'],
    ['XREADGROUP', 'GROUP', 'STREAMS', 'c', 'block', 0, 'STREAMS', 's', '>'],
    ['WAIT', 1, 0],
    ['WATCH', 'k'],
    ['MULTI'],
    ['EXEC'],
    ['DISCARD'],
    ['SELECT', 1],
    ['AUTH', 'x'],
    ['HELLO', 3],
    ['RESET'],
    ['QUIT'],
    ['SUBSCRIBE', 'c'],
    ['PSUBSCRIBE', 'c*'],
    ['MONITOR'],
    ['SYNC'],
    ['CLIENT', 'REPLY', 'OFF'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['CLIENT', 'PAUSE', 1000],
    ['CLIENT'],
    ['SHUTDOWN', 'NOSAVE'],
    ['DEBUG', 'SLEEP', 1],
  ];

  test.each(refused.map((command) => [command.join(' '), command] as const))(
    '%s',
    async (_, command) => {
      expect(await send('/', { body: command })).toMatchObject({
        status: 400,
        json: { error: expect.stringContaining('is not available over REST') as unknown },
      });
      const batch = [['SET', 'a', '1'], command, ['GET', 'a']];
      expect((await send('/pipeline', { body: batch })).json).toEqual([
        { result: 'OK' },
        { error: expect.stringContaining('is not available over REST') as unknown },
        { result: '1' },
      ]);
      await run('DEL', 'a');
      expect(await send('/multi-exec', { body: batch })).toMatchObject({
        status: 400,
        json: { error: expect.stringMatching(/^EXECABORT .*not available over REST/) as unknown },
      });
      expect(await run('EXISTS', 'a')).toEqual({ result: 0 });
    },
  );

  test('what only looks like them passes', async () => {
    await run('XADD', 'BLOCK', '1-1', 'f', 'v');
    expect(await run('XREAD', 'STREAMS', 'BLOCK', '0')).toEqual({
      result: [['BLOCK', [['1-1', ['f', 'v']]]]],
    });
    await run('XGROUP', 'CREATE', 'BLOCK', 'block', '0');
    expect(await run('XREADGROUP', 'GROUP', 'block', 'block', 'STREAMS', 'BLOCK', '>')).toEqual({
      result: [['BLOCK', [['1-1', ['f', 'v']]]]],
    });
    expect(await run('CLIENT', 'ID')).toEqual({ result: expect.any(Number) as unknown });
  });
});
