import { createHash } from 'node:crypto';
import { Redis as DefaultRedis } from '@upstash/redis';
import { Redis as WorkersRedis } from '@upstash/redis/cloudflare';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Endpoint, startEndpoint } from '../../dev/endpoint/server.ts';
import { startNative } from '../../dev/redis/native.ts';
import { type RedisServer, startRedis } from '../../dev/redis/redis.ts';

// The real SDK through the endpoint to a real Redis: each entry of the SDK against each engine there is.

const native = await startNative(process.env);
if (native.server === undefined) {
  console.log('skipped: the SDK against a native Redis, as none of 7.0 or later is on PATH');
}
const servers: RedisServer[] = [
  await startRedis('embedded'),
  ...(native.server === undefined ? [] : [native.server]),
];
afterAll(async () => {
  for (const server of servers) await server.stop();
});

const entries = [
  {
    entry: '@upstash/redis/cloudflare as the Worker uses it',
    client: (url: string, token: string) =>
      new WorkersRedis({
        url,
        token,
        enableAutoPipelining: false,
        automaticDeserialization: false,
        responseEncoding: false,
        readYourWrites: false,
        enableTelemetry: false,
        retry: { retries: 0 },
      }),
  },
  {
    entry: '@upstash/redis with base64 replies and automatic pipelines',
    client: (url: string, token: string) =>
      new DefaultRedis({
        url,
        token,
        automaticDeserialization: false,
        responseEncoding: 'base64',
        enableTelemetry: false,
        retry: { retries: 0 },
      }),
  },
];

describe.each(servers)('$kind', (server) => {
  describe.each(entries)('$entry', ({ client }) => {
    let endpoint: Endpoint;
    let redis: ReturnType<typeof client>;

    beforeAll(async () => {
      endpoint = await startEndpoint({ redis: server.connection, token: 'token' });
      redis = client(endpoint.url, endpoint.token);
    });
    afterAll(() => endpoint.stop());
    beforeEach(async () => {
      await redis.flushall();
    });

    test.each([
      ['empty', ''],
      ['the word OK', 'OK'],
      ['the word null', 'null'],
      ['digits', '007'],
      ['a number beyond 2^53', '9007199254740993'],
      ['NUL and line ends', 'a\0b\r\nc'],
      ['JSON', '{"a":["\\"",1]}'],
      ['beyond the basic plane', '🜁 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 e\u0301 \u202e ﷺ'],
      ['the last code point', '\u{10ffff}\uffff'],
      ['a megabyte', 'ñ'.repeat(500_000)],
    ])('stores and gives back text: %s', async (_, value) => {
      expect(await redis.set(`k:${value.slice(0, 20)}`, value)).toBe('OK');
      expect(await redis.get(`k:${value.slice(0, 20)}`)).toBe(value);
      expect(await redis.mget(`k:${value.slice(0, 20)}`, 'none')).toEqual([value, null]);
    });

    test('turns half a surrogate pair into U+FFFD, as UTF-8 cannot say it', async () => {
      await redis.set('k', 'a\ud800b');
      expect(await redis.get('k')).toBe('a\ufffdb');
    });

    test('sends numbers as arguments and gets integers as numbers', async () => {
      expect(await redis.set('n', 41, { px: 60_000 })).toBe('OK');
      expect(await redis.incr('n')).toBe(42);
      expect(await redis.pttl('n')).toBeGreaterThan(50_000);
      expect(await redis.incrby('n', -50)).toBe(-8);
      expect(await redis.get('none')).toBeNull();
    });

    test('a pipeline with one error: the others have their results', async () => {
      const pipeline = redis.pipeline();
      pipeline.set('text', 'x');
      pipeline.incr('text');
      pipeline.get('text');
      const results = await pipeline.exec({ keepErrors: true });
      expect(results.map(({ result, error }) => result ?? error)).toEqual([
        'OK',
        'ERR value is not an integer or out of range',
        'x',
      ]);
    });

    test('a transaction gives all results, errors inside it among them', async () => {
      const pass = await redis.multi().set('a', '1').incr('a').get('a').exec();
      expect(pass).toEqual(['OK', 2, '2']);

      const failing = redis.multi().set('text', 'x').incr('text').get('text');
      await expect(failing.exec()).rejects.toThrow('not an integer');
      expect(await redis.get('text')).toBe('x');
    });

    test('a transaction that Redis discards has one error and no effect', async () => {
      // By hand, as the SDK has no method for an unknown command.
      const body = JSON.stringify([
        ['SET', 'a', '1'],
        ['NO-SUCH-COMMAND', 'x'],
      ]);
      const response = await fetch(`${endpoint.url}/multi-exec`, {
        method: 'POST',
        headers: { authorization: 'Bearer token' },
        body,
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        error: expect.stringMatching(/^EXECABORT .*unknown command.*NO-SUCH-COMMAND/i) as unknown,
      });
      expect(await redis.get('a')).toBeNull();
    });

    test('many transactions at once never mix', async () => {
      const runs = Array.from({ length: 40 }, (_, run) =>
        redis
          .multi()
          .set('shared', `${run}`)
          .get('shared')
          .incr('count')
          .exec<[string, string, number]>(),
      );
      const results = await Promise.all([...runs, redis.get('shared'), redis.incr('count')]);
      results.slice(0, 40).forEach((result, run) => {
        expect(result).toEqual(['OK', `${run}`, expect.any(Number)]);
      });
      expect(await redis.get('count')).toBe('41');
    });

    test('EVAL returns numbers, text, null and nested lists', async () => {
      const script = "return {1, 'OK', false, {'é', {KEYS[1], ARGV[1], redis.status_reply('OK')}}}";
      expect(await redis.eval(script, ['k'], ['v'])).toEqual([
        1,
        'OK',
        null,
        ['é', ['k', 'v', 'OK']],
      ]);
      await expect(redis.eval("return redis.error_reply('MY own')", [], [])).rejects.toThrow(
        'MY own',
      );
    });

    test('EVALSHA of an unknown script says NOSCRIPT, and works once it is loaded', async () => {
      const script = `return '${server.kind} ' .. ARGV[1]`;
      const sha = createHash('sha1').update(script).digest('hex');
      await redis.scriptFlush();
      await expect(redis.evalsha(sha, [], ['x'])).rejects.toThrow('NOSCRIPT');
      expect(await redis.scriptLoad(script)).toBe(sha);
      expect(await redis.evalsha(sha, [], ['x'])).toBe(`${server.kind} x`);
      expect(await redis.createScript(script).exec([], ['y'])).toBe(`${server.kind} y`);
    });

    test('takes the key-locking flag of the managed service, under the SHA-1 of what was sent', async () => {
      const script = '#!lua flags=no-writes,allow-key-locking\nreturn ARGV[1]';
      const sha = createHash('sha1').update(script).digest('hex');
      await redis.scriptFlush();
      await expect(redis.evalsha(sha, [], ['x'])).rejects.toThrow('NOSCRIPT');
      expect(await redis.eval(script, [], ['x'])).toBe('x');
      expect(await redis.evalsha(sha, [], ['y'])).toBe('y');
      expect(await redis.scriptLoad(script)).toBe(sha);
      expect(await redis.scriptExists(sha, 'f'.repeat(40))).toEqual([1, 0]);

      const alone = "#!lua flags=allow-key-locking\nreturn redis.call('SET', KEYS[1], 'written')";
      expect(await redis.eval(alone, ['k'], [])).toBe('OK');
      const forbidden =
        "#!lua flags=allow-key-locking,no-writes\nreturn redis.call('SET', KEYS[1], '')";
      await expect(redis.eval(forbidden, ['k'], [])).rejects.toThrow('read-only script');
    });

    test('INFO and TIME can be called in scripts; the run id is that of the process', async () => {
      const script = "return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')";
      const outside = /run_id:(\w{40})/.exec(await redis.exec<string>(['INFO', 'server']))?.[1];
      expect(outside).toMatch(/^[0-9a-f]{40}$/);
      expect(await redis.eval(script, [], [])).toBe(outside);

      const [seconds, micros] = await redis.eval<[], [string, string]>(
        "return redis.call('TIME')",
        [],
        [],
      );
      expect(Math.abs(Number(seconds) * 1000 + Number(micros) / 1000 - Date.now())).toBeLessThan(
        10_000,
      );
    });

    test('scores of 16 digits and infinity come back exactly', async () => {
      await redis.exec([
        'ZADD',
        'z',
        '+inf',
        'e',
        1_760_000_000_000_001,
        'a',
        '1760000000000000',
        'b',
      ]);
      await redis.eval(
        "return redis.call('ZADD', KEYS[1], string.format('%.0f', 1760000000000003), 'c')",
        ['z'],
        [],
      );
      const read = (from: string): Promise<unknown> =>
        redis.exec(['ZRANGE', 'z', from, '+inf', 'BYSCORE', 'WITHSCORES']);
      expect(await read('1760000000000001')).toEqual(
        [
          ['a', '1760000000000001'],
          ['c', '1760000000000003'],
          ['e', 'inf'],
        ].flat(),
      );
      expect(await read('(1760000000000003')).toEqual(['e', 'inf']);
      expect(await redis.exec(['ZRANGE', 'none', '0', '+inf', 'BYSCORE', 'WITHSCORES'])).toEqual(
        [],
      );
    });

    test('hashes and streams keep their shapes', async () => {
      await redis.hset('h', { a: '1', é: '🜁' });
      expect(await redis.exec(['HGETALL', 'h'])).toEqual(['a', '1', 'é', '🜁']);
      const id = await redis.exec<string>(['XADD', 'log', '*', 'f', 'v']);
      expect(await redis.exec(['XRANGE', 'log', '-', '+'])).toEqual([[id, ['f', 'v']]]);
    });

    test('a refused command is an error of its own', async () => {
      await expect(redis.exec(['BLPOP', 'k', 0])).rejects.toThrow('BLPOP is not available');
      await expect(redis.exec(['NO-SUCH-COMMAND'])).rejects.toThrow('unknown command');
    });
  });
});
