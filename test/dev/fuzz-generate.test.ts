import { describe, expect, test } from 'vitest';
import { canariesIn, canaryOf } from '../../dev/fuzz/canary.ts';
import { HELP, parseFuzzFlags } from '../../dev/fuzz/flags.ts';
import { attackOf } from '../../dev/fuzz/generate.ts';
import { minimise } from '../../dev/fuzz/minimise.ts';
import { bytesOf, isWellFormed, type RawRequest } from '../../dev/fuzz/request.ts';

const attacks = (seed: number, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) =>
    bytesOf(attackOf(seed, from + at)).toString('latin1'),
  );

describe('attacks', () => {
  test('are decided by seed and number alone', () => {
    const all = attacks(7, 0, 500);
    expect(attacks(7, 300, 500)).toEqual(all.slice(300));
    expect(attacks(8, 0, 500)).not.toEqual(all);
    expect(new Set(all).size).toBeGreaterThan(480);
  });

  test('are of every kind that is promised, and most of them reach the Worker', () => {
    const all = Array.from({ length: 5000 }, (_, at) => attackOf(1, at));
    const sound = all.filter(isWellFormed).length;
    expect(sound).toBeGreaterThan(2500);
    expect(sound).toBeLessThan(4500);
    const text = all.map((one) => bytesOf(one).toString('latin1')).join('\n\n');
    for (const form of [
      /^CONNECT /m,
      /^PURGE /m,
      /^GET \* /m,
      /^GET https?:\/\//m,
      /%00/,
      /%zz/,
      /%2e%2e/,
      /[\x80-\xff]/,
      /\0/,
      /^Host: \S+:99999/m,
      /\.test\.\r/,
      /Range: bytes=-5/,
      /If-None-Match/i,
      /Transfer-Encoding: chunked\r\nContent-Length|Content-Length: \d+\r\nTransfer-Encoding/,
      /Cookie: /,
      /Tiercel-Debug/,
      /X-Forwarded-Host/i,
      /CDN-Loop/,
      /Connection: /,
      /Accept-Language/,
      /Origin: /,
      /_tiercel\/v1\/purge/,
      /{"urls"/,
      /X-Large: /,
      /Authorization: Bearer/,
    ])
      expect({ form: form.source, seen: form.test(text) }).toEqual({
        form: form.source,
        seen: true,
      });
  });

  test('carry canaries that tell them apart', () => {
    expect([...canariesIn(`a ${canaryOf(12)} ${canaryOf(3_000_000).toUpperCase()}`)]).toEqual([
      12, 3_000_000,
    ]);
  });
});

test('a case is made as small as it still fails', async () => {
  const request = (over: Partial<RawRequest>): RawRequest => ({
    method: 'GET',
    target: '/x',
    version: 'HTTP/1.1',
    lines: ['Host: a'],
    body: '',
    ...over,
  });
  let tries = 0;
  const fails = (requests: readonly RawRequest[]): Promise<boolean> => {
    tries += 1;
    return Promise.resolve(
      requests.some(({ lines }) => lines.some((line) => line.startsWith('X-Bad'))),
    );
  };
  const big = [
    request({}),
    request({
      lines: ['Host: a', 'X-Other: b', `X-Bad: ${'y'.repeat(5000)}`, 'Content-Length: 1'],
      body: 'z',
    }),
  ];
  const [small, ...others] = await minimise(big, fails, 100);
  expect(others).toEqual([]);
  expect(small?.lines).toHaveLength(1);
  expect(small?.lines[0]?.length).toBeLessThanOrEqual(200);
  expect(small?.body).toBe('');
  tries = 0;
  await minimise(big, fails, 3);
  expect(tries).toBe(3);
});

describe('the flags of a fuzz run', () => {
  test('have defaults', () => {
    expect(parseFuzzFlags([])).toEqual({
      help: false,
      requests: 5000,
      seed: 1,
      sockets: 12,
      bare: false,
      heapMb: 64,
      residentMb: 256,
      redis: 'auto',
      json: undefined,
      keep: '.dev/fuzz',
      replay: undefined,
    });
    for (const flag of [
      '--requests',
      '--seed',
      '--sockets',
      '--heap-mb',
      '--resident-mb',
      '--bare',
      '--redis',
      '--keep',
      '--json',
      '--replay',
    ])
      expect(HELP).toContain(flag);
  });

  test.each([
    [['--request', '1'], /^Unknown flag --request: the flags are --requests N, .* and --help\.$/],
    [['5000'], /^Unexpected argument "5000": .*npm run fuzz -- --requests 5000/],
    [['--requests', '0'], '--requests is "0": a whole number from 1 to 10000000 is allowed.'],
    [['--seed', 'x'], /^--seed is "x"/],
    [['--redis', 'redis://x'], /^--redis is "redis:\/\/x": auto or embedded is allowed/],
    [['--json', 'x'], /^--json is "x": a file whose name ends in \.json/],
    [['--replay', 'x'], /^--replay is "x": a file whose name ends in \.json/],
  ])('%j is refused in one sentence', (args, message) => {
    expect(() => parseFuzzFlags(args)).toThrow(message);
  });
});
