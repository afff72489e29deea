import { get as request } from 'node:http';
import { createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idleMemory, watchMemory } from '../../dev/footprint/memory.ts';
import { type BundledGateway, startBundledGateway } from '../../dev/launcher/bundled-gateway.ts';
import { fieldOf, sendRaw, type RawAnswer } from './raw-client.ts';
import { startRawOrigin, type RawOrigin } from './raw-origin.ts';

/* What an origin writes on a connection, to the byte, through the gateway in a workerd process. */

let origin: RawOrigin;
let gateway: BundledGateway;
beforeAll(async () => {
  origin = await startRawOrigin();
  gateway = await startBundledGateway({ origin: origin.url });
});
afterAll(async () => {
  await gateway.stop();
  await origin.stop();
});

const HEAD = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n';
const OK = `${HEAD}Content-Length: 2\r\n`;

async function get(path: string): Promise<RawAnswer> {
  const [answer] = await sendRaw(gateway.url, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, 1);
  if (!answer) throw new Error(`${path} has no answer.`);
  return answer;
}

let lastPath = 0;

/** The answers to two clients one after the other, and whether the second had its own from the origin. */
async function askTwice(
  bytes: string | Buffer,
): Promise<{ readonly first: RawAnswer; readonly second: RawAnswer; readonly stored: boolean }> {
  lastPath += 1;
  const path = `/case-${lastPath}`;
  origin.script(path, bytes);
  const first = await get(path);
  const before = origin.asked.length;
  const second = await get(path);
  return { first, second, stored: origin.asked.length === before };
}

describe('a field that splits [trap:response-splitting]', () => {
  test.each([
    ['NUL in a value', `${OK}X-A: 1\0b\r\n\r\nok`],
    ['a folded line', `${OK}X-A: 1\r\n X-Injected: 1\r\n\r\nok`],
    ['a space in a name', `${OK}X A: 1\r\n\r\nok`],
    ['a space before the colon', `${OK}X-A : 1\r\n\r\nok`],
    ['a line without a colon', `${OK}X-A\r\n\r\nok`],
    ['CR within a tag', `${OK}Cache-Tag: a\rb\r\n\r\nok`],
    ['CR within an entity tag', `${OK}ETag: "a\rb"\r\n\r\nok`],
    ['no head at all', '<html>no head</html>'],
    ['a control character in the reason', `HTTP/1.1 200 O\x07K\xff\r\nContent-Length: 2\r\n\r\nok`],
  ])('%s: 502, and nothing is stored', async (_, bytes) => {
    const { first, second, stored } = await askTwice(bytes);
    expect([first.status, second.status, stored]).toEqual([502, 502, false]);
    expect([first, second].map((one) => fieldOf(one, 'x-injected'))).toEqual([
      undefined,
      undefined,
    ]);
  });

  test.each([
    ['behind CR', `${OK}X-A: 1\rSet-Cookie: a=b\r\n\r\nok`],
    ['behind LF', `${OK}X-A: 1\nSet-Cookie: a=b\r\n\r\nok`],
    [
      'in a Location',
      'HTTP/1.1 301 Moved\r\nCache-Control: max-age=60\r\nContent-Length: 0\r\nLocation: /x\rSet-Cookie: a=b\r\n\r\n',
    ],
  ])('a cookie %s is a cookie, and not stored', async (_, bytes) => {
    const { first, stored } = await askTwice(bytes);
    expect([fieldOf(first, 'set-cookie'), stored]).toEqual(['a=b', false]);
  });

  test('a tag with a control character is no tag: it is not stored', async () => {
    const { first, stored } = await askTwice(`${OK}Cache-Tag: a\x07b\r\n\r\nok`);
    expect([first.status, first.body, stored]).toEqual([200, 'ok', false]);
  });

  test('what a path smuggles into the fields is for that path alone', async () => {
    const echo = (to: string): string =>
      `HTTP/1.1 302 Found\r\nCache-Control: max-age=60\r\nContent-Length: 0\r\nLocation: /to/${to}\r\n\r\n`;
    origin.script('/echo', echo(''));
    origin.script('/echo%0d%0aX-Injected:%201', echo('\r\nX-Injected: 1'));
    expect(fieldOf(await get('/echo%0d%0aX-Injected:%201'), 'x-injected')).toBe('1');
    expect(fieldOf(await get('/echo'), 'x-injected')).toBeUndefined();
  });
});

describe('a length that is none [trap:response-splitting] [trap:truncation]', () => {
  test.each([
    ['two lengths', `${OK}Content-Length: 5\r\n\r\nokxyz`],
    [
      'a length, and fewer bytes in chunks',
      `${HEAD}Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ],
  ])('%s: 502, and nothing is stored', async (_, bytes) => {
    const { first, stored } = await askTwice(bytes);
    expect([first.status, stored]).toEqual([502, false]);
  });
});

describe('a status that is none [trap:odd-statuses]', () => {
  test.each(['099', '100', '103', '600', '999'])(
    '%s: 502, and nothing is stored',
    async (status) => {
      const bytes = `HTTP/1.1 ${status} Odd\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok`;
      const { first, stored } = await askTwice(bytes);
      expect([first.status, stored]).toEqual([502, false]);
    },
  );

  test('304 without a condition is passed on, and never stored alone', async () => {
    const bytes = 'HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: "a"\r\n\r\n';
    const { first, stored } = await askTwice(bytes);
    expect([first.status, stored]).toEqual([304, false]);
  });

  test('trailers are fields of nothing: neither passed on nor stored', async () => {
    const bytes = `${HEAD}Transfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: a=b\r\nX-T: 1\r\n\r\n`;
    const { first, second, stored } = await askTwice(bytes);
    expect([first.body, second.body, stored]).toEqual(['ok', 'ok', true]);
    for (const { fields } of [first, second])
      expect(fields.map(([name]) => name)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(?:set-cookie|x-t|trailer)$/)]),
      );
  });
});

describe('a bomb of header fields [trap:oversized]', () => {
  test.each([
    ['a field of 100 KB', `${OK}X-A: ${'x'.repeat(100_000)}\r\n\r\nok`],
    [
      '10,000 fields',
      `${OK}${Array.from({ length: 10_000 }, (_, at) => `X-${at}: 1\r\n`).join('')}\r\nok`,
    ],
    ['a field on 10,000 lines', `${OK}${'X-A: 12345\r\n'.repeat(10_000)}\r\nok`],
  ])('%s: 502, and nothing is stored', async (_, bytes) => {
    const { first, second, stored } = await askTwice(bytes);
    expect([first.status, second.status, stored]).toEqual([502, 502, false]);
    expect(first.body).toContain('origin_invalid');
  });
});

describe('a body in gzip [trap:compressed-bodies]', () => {
  const text = 'a line of text\n'.repeat(1000);
  const packed = gzipSync(text);

  test('is one sequence of bytes for each strong entity tag, whoever gets it', async () => {
    const head = `${HEAD}ETag: "v1"\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`;
    const { first, second, stored } = await askTwice(Buffer.concat([Buffer.from(head), packed]));
    expect(stored).toBe(true);
    const byTag = Map.groupBy([first, second], (answer) => fieldOf(answer, 'etag'));
    for (const [tag, answers] of byTag)
      if (tag?.startsWith('W/') === false)
        expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    for (const answer of [first, second]) {
      const bytes = Buffer.from(answer.body, 'latin1');
      const isPacked = fieldOf(answer, 'content-encoding') === 'gzip';
      expect((isPacked ? gunzipSync(bytes) : bytes).toString()).toBe(text);
    }
  });

  test(
    'that becomes very large reaches its client whole, is not stored, and takes no memory [trap:oversized]',
    { timeout: 60_000 },
    async () => {
      const BYTES = 110_000_000;
      const bomb = gzipSync(Buffer.alloc(BYTES), { level: 9 });
      const head = `${HEAD}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`;
      origin.script('/bomb', Buffer.concat([Buffer.from(head), bomb]));
      const pid = gateway.pid();
      const idle = await idleMemory(pid);
      const memory = watchMemory(pid);
      for (let time = 1; time <= 2; time += 1) {
        expect(await unpackedLength(`${gateway.url}/bomb`)).toBe(BYTES);
        expect(origin.asked.filter((path) => path === '/bomb')).toHaveLength(time);
      }
      expect(memory.stop().peak - idle).toBeLessThan(64_000_000);
      expect(gateway.pid()).toBe(pid);
    },
  );
});

/** How many bytes a body comes to, unpacked here where it comes packed. */
function unpackedLength(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (response) => {
      const isPacked = response.headers['content-encoding'] === 'gzip';
      const body = isPacked ? response.pipe(createGunzip()) : response;
      let length = 0;
      body.on('data', (chunk: Buffer) => (length += chunk.length));
      body.on('error', reject);
      body.on('end', () => resolve(length));
    }).on('error', reject);
  });
}
