import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BundledGateway, startBundledGateway } from '../../dev/launcher/bundled-gateway.ts';
import { fieldOf, sendRaw, type RawAnswer } from './raw-client.ts';
import { startStrictOrigin, type StrictOrigin, type StrictRequest } from './strict-origin.ts';

/*
 * What clients write on a connection, to the byte, through the gateway in a workerd process. The runtime takes a few things
 * that a strict server refuses, and those are for what stands in front of it; whatever it takes, an origin is sent requests
 * of the gateway's own making only.
 */

let origin: StrictOrigin;
let gateway: BundledGateway;
beforeAll(async () => {
  origin = await startStrictOrigin();
  const tenants = [
    { id: 'a', hosts: ['a.test'], origin: `${origin.url}/of-a` },
    { id: 'b', hosts: ['b.test'], origin: `${origin.url}/of-b` },
  ];
  gateway = await startBundledGateway({
    origin: origin.url,
    variables: { TENANTS: JSON.stringify(tenants) },
  });
});
afterAll(async () => {
  await gateway.stop();
  await origin.stop();
});

let lastPath = 0;

/** Stands for the path of a case, as long as each of them: lengths have to be right. */
const PATH = '/case-00';

/** Sends bytes, with a path of its own for {@link PATH}; what came back, and what reached the origin until another client was answered. */
async function play(
  bytes: string,
  answers: number,
): Promise<{ readonly got: readonly RawAnswer[]; readonly asked: readonly StrictRequest[] }> {
  lastPath += 1;
  const path = `/case-${String(lastPath).padStart(2, '0')}`;
  const before = origin.seen.length;
  const got = await sendRaw(gateway.url, bytes.replaceAll(PATH, path), answers);
  // Whatever is left on a connection to the origin would be in the way of this one.
  const clean = await sendRaw(gateway.url, `GET ${path}/clean HTTP/1.1\r\nHost: a.test\r\n\r\n`, 1);
  expect(clean.map(({ status, body }) => [status, body])).toEqual([
    [200, `GET /of-a${path}/clean`],
  ]);
  const asked = origin.seen.slice(before);
  expect(asked.pop()).toMatchObject({ target: `/of-a${path}/clean` });
  return {
    got,
    asked: asked.map((one) => ({ ...one, target: one.target.replace(path, PATH) })),
  };
}

const HOST = 'Host: a.test\r\n';
const HIDDEN = `GET ${PATH}/hidden HTTP/1.1\r\nHost: a.test\r\n\r\n`;
const POST = `POST ${PATH} HTTP/1.1\r\n${HOST}`;
const GET = `GET ${PATH} HTTP/1.1\r\n${HOST}`;
const CHUNKS = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;
const LENGTH = `Content-Length: ${HIDDEN.length}\r\n`;

describe('bytes that two servers read in two ways [trap:smuggling]', () => {
  test.each([
    ['two lengths', `${POST}Content-Length: 0\r\n${LENGTH}\r\n${HIDDEN}`],
    ['the same length twice', `${POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
    ['a list of lengths', `${POST}Content-Length: 0, ${HIDDEN.length}\r\n\r\n${HIDDEN}`],
    ['a length with a sign', `${POST}Content-Length: +2\r\n\r\nok`],
    ['an unknown coding', `${POST}Transfer-Encoding: x\r\nContent-Length: 2\r\n\r\nok`],
    ['nearly chunked', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
    ['chunked, not last', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${HIDDEN}`],
    ['two codings', `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n`],
    ['a folded field', `${POST}X-A: 1\r\n Transfer-Encoding: chunked\r\n${LENGTH}\r\n${HIDDEN}`],
    ['a space before the colon', `${POST}Transfer-Encoding : chunked\r\n${LENGTH}\r\n${HIDDEN}`],
    ['a length with such a space', `${POST}${LENGTH.replace(':', ' :')}\r\n${HIDDEN}`],
    ['NUL in a field', `${GET}X-A: 1\0b\r\n\r\n`],
    ['a line feed in the path', `GET ${PATH}\nX-Injected: 1 HTTP/1.1\r\n${HOST}\r\n`],
    ['a carriage return in the path', `GET ${PATH}\rX-Injected: 1 HTTP/1.1\r\n${HOST}\r\n`],
  ])('%s: refused, and nothing reaches the origin', async (_, bytes) => {
    const { got, asked } = await play(bytes, 1);
    expect(got[0]?.status).toBeGreaterThanOrEqual(400);
    expect(got.every(({ status }) => status >= 400)).toBe(true);
    expect(asked).toEqual([]);
  });

  test.each([
    ['length and chunks', `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n`, CHUNKS],
    [
      'a length that Connection names',
      `${POST}Connection: content-length\r\n${LENGTH}\r\n`,
      HIDDEN,
    ],
    [
      'chunks with an extension',
      `${POST}Transfer-Encoding: chunked\r\n\r\n`,
      `2;a=\n\r\nok\r\n0\r\n\r\n`,
    ],
  ])('%s: one request, framed anew, whose body stays a body', async (_, head, body) => {
    const { got, asked } = await play(head + body, 1);
    expect(got.map(({ status }) => status)).toEqual([200]);
    expect(asked.map(({ method, target }) => `${method} ${target}`)).toEqual([`POST /of-a${PATH}`]);
  });

  test('what follows the last chunk, within the length: a request of its own, of the same client', async () => {
    const bytes = `${POST}${LENGTH}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`;
    const { got, asked } = await play(bytes, 2);
    expect(got.map(({ status }) => status)).toEqual([200, 200]);
    expect(asked.map(({ method, target, body }) => `${method} ${target} ${body}`)).toEqual([
      `POST /of-a${PATH} `,
      `GET /of-a${PATH}/hidden `,
    ]);
  });

  test.each([
    ['lines that end with a line feed alone', `GET ${PATH} HTTP/1.1\nHost: a.test\nX-A: 1\n\n`],
    ['a length behind a line feed', `${GET}X-A: 1\n${LENGTH}\r\n${HIDDEN}`],
    [
      'a coding behind a carriage return',
      `${GET}X-A: 1\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['CR and LF in the path, encoded', `GET ${PATH}%0d%0aX-Injected:%201 HTTP/1.1\r\n${HOST}\r\n`],
    [
      'an upgrade to HTTP/2',
      `${GET}Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n`,
    ],
  ])(
    '%s: one request without a body, and no field that the gateway has not sent',
    async (_, bytes) => {
      const { got, asked } = await play(bytes, 1);
      expect(got.map(({ status }) => status)).toEqual([200]);
      expect(asked.map(({ method, body }) => method + body)).toEqual(['GET']);
      expect(asked[0]?.fields.map(([name]) => name)).not.toContain('x-injected');
    },
  );

  test('all that has reached the origin so far was made by the gateway, and framed in one way', () => {
    expect(origin.malformed).toEqual([]);
    expect(origin.seen.length).toBeGreaterThan(20);
    for (const { method, fields, body } of origin.seen) {
      const values = (name: string): string[] =>
        fields.flatMap(([one, value]) => (one === name ? [value] : []));
      expect(values('via')).toEqual(['1.1 tiercel']);
      expect(values('x-forwarded-host')).toEqual(['a.test']);
      const framing = [...values('content-length'), ...values('transfer-encoding')];
      expect(framing).toEqual(
        method === 'GET' ? [] : [expect.stringMatching(`^(?:chunked|${body.length})$`)],
      );
      for (const name of ['connection', 'upgrade', 'http2-settings', 'trailer', 'te'])
        expect(values(name)).toEqual([]);
    }
  });
});

describe('a body of a GET [trap:fat-get]', () => {
  test.each([
    ['with a length', `${GET}${LENGTH}\r\n${HIDDEN}`],
    ['in chunks', `${GET}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
  ])('%s is sent to no origin', async (_, bytes) => {
    const { got, asked } = await play(bytes, 1);
    expect(got.map(({ status }) => status)).toEqual([200]);
    expect(asked).toMatchObject([{ method: 'GET', target: `/of-a${PATH}`, body: '' }]);
  });
});

describe('whose request it is [trap:tenant-spoofing]', () => {
  test.each([
    ['two hosts', `GET ${PATH} HTTP/1.1\r\n${HOST}Host: b.test\r\n\r\n`],
    ['an absolute URI of another host', `GET http://b.test${PATH} HTTP/1.1\r\n${HOST}\r\n`],
    ['a list of hosts', `GET ${PATH} HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n`],
    ['a host behind another', `GET ${PATH} HTTP/1.1\r\nHost: b.test@a.test\r\n\r\n`],
    ['a host with a path', `GET ${PATH} HTTP/1.1\r\nHost: a.test/b.test\r\n\r\n`],
    ['no host', `GET ${PATH} HTTP/1.1\r\n\r\n`],
  ])('%s: refused, and nobody’s origin is asked', async (_, bytes) => {
    const { got, asked } = await play(bytes, 1);
    expect(got[0]?.status).toBeGreaterThanOrEqual(400);
    expect(asked).toEqual([]);
  });

  test.each(['nobody.test', 'a.test.', 'www.a.test'])(
    'a host of nobody, %s: a 404 that nobody stores',
    async (host) => {
      const { got, asked } = await play(`GET ${PATH} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 1);
      expect(got[0]?.status).toBe(404);
      expect(got[0] && fieldOf(got[0], 'cache-control')).toBe('no-store');
      expect(asked).toEqual([]);
    },
  );

  test.each([
    ['X-Forwarded-Host', 'b.test'],
    ['X-Host', 'b.test'],
    ['X-Original-Host', 'b.test'],
    ['Forwarded', 'host=b.test'],
    ['X-Original-URL', 'http://b.test/x'],
    ['X-Rewrite-URL', 'http://b.test/x'],
    ['Tiercel-Tenant', 'b'],
    ['X-Tenant', 'b'],
    ['X-Tenant-Id', 'b'],
  ])('%s changes nothing', async (name, value) => {
    const { got, asked } = await play(`${GET}${name}: ${value}\r\n\r\n`, 1);
    expect(got[0]?.status).toBe(200);
    expect(asked).toMatchObject([{ target: `/of-a${PATH}` }]);
  });

  test('capitals are the same host', async () => {
    const { asked } = await play(`GET ${PATH} HTTP/1.1\r\nHost: A.TEST\r\n\r\n`, 1);
    expect(asked).toMatchObject([{ target: `/of-a${PATH}` }]);
  });
});

test('CF-Worker is what the platform says to the origin, never what a client says, and no answer has it [trap:leaks]', async () => {
  const { got, asked } = await play(`${GET}CF-Worker: evil.test\r\n\r\n`, 1);
  const values = asked.flatMap(({ fields }) => fields.filter(([name]) => name === 'cf-worker'));
  expect(values.map(([, value]) => value)).not.toContain('evil.test');
  expect(got.map((answer) => fieldOf(answer, 'cf-worker'))).toEqual([undefined]);
});
