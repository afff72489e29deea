import { gzipSync } from 'node:zlib';
import { BROKEN } from './checks.ts';
import { FRESHNESS, type Kind, KINDS } from './hostile-kinds.ts';
import type { OriginAnswer } from './origin-answer.ts';
import { fieldOf, hashOf, type OriginRequest, reflectionOf } from './origin-request.ts';
import type { FuzzTenant } from './tenants.ts';

/** What an origin that means no good, or knows no better, answers. The same URL is treated alike, always. */
export function hostileAnswer(tenant: FuzzTenant, request: OriginRequest): OriginAnswer {
  const { method, target } = request;
  const hash = hashOf(`${tenant.id} ${target}`);
  const named = /^\/b\/([\w-]+)\//.exec(target)?.[1];
  const kind = KINDS.find((one) => one === named) ?? KINDS[hash % KINDS.length] ?? 'plain';
  const freshness = FRESHNESS[(hash >>> 8) % FRESHNESS.length] ?? '';
  const reflection = reflectionOf(request);
  const body = `${tenant.secret} ${kind} ${method} ${target}\n${reflection.body}`.padEnd(
    100 + (hash % 400),
    '.',
  );
  const base: [string, string][] = [
    ['content-type', (hash >>> 12) % 4 === 0 ? 'text/css' : 'text/html'],
    ...(freshness === '' ? [] : [['cache-control', freshness] as [string, string]]),
    ...((hash >>> 14) % 2 === 0
      ? [['cache-tag', `${tenant.tag}, ${tenant.tag}-x`] as [string, string]]
      : []),
    ...((hash >>> 15) % 4 === 0
      ? [['last-modified', 'Tue, 01 Sep 2026 12:00:00 GMT'] as [string, string]]
      : []),
    ...((hash >>> 17) % 3 === 0 ? [['etag', `"${hash}"`] as [string, string]] : []),
    ...(reflection.field === undefined
      ? []
      : [['x-you-said', reflection.field] as [string, string]]),
  ];
  if (method !== 'GET' && method !== 'HEAD' && (hash & 3) === 0)
    return {
      status: [200, 201, 204, 303, 404, 500][hash % 6] ?? 200,
      fields: base,
      body: method === 'TRACE' ? JSON.stringify(request.fields) : body,
      kind,
    };
  return { ...shaped(kind, { tenant, request, hash, base, body }), kind };
}

interface Draft {
  readonly tenant: FuzzTenant;
  readonly request: OriginRequest;
  readonly hash: number;
  readonly base: readonly (readonly [string, string])[];
  readonly body: string;
}

type Shape = Omit<OriginAnswer, 'kind'> & { readonly kind?: string };

function shaped(kind: Kind, { tenant, request, hash, base, body }: Draft): Shape {
  const ok = (...more: (readonly [string, string])[]): Shape => ({
    status: 200,
    fields: [...base, ...more],
    body,
  });
  const raw = (text: string): Shape => ({ status: 0, fields: [], body: text, framing: 'raw' });
  const mark = `x-fuzz-origin: ${tenant.secret} ${BROKEN}\r\n`;
  // The runtime would take what comes behind an answer for the next one on the connection.
  const head = `HTTP/1.1 200 OK\r\n${mark}connection: close\r\ncache-control: max-age=60\r\n`;
  switch (kind) {
    case 'plain':
      return ok();
    case 'vary':
      return ok([
        'vary',
        [
          'Accept-Language',
          'Cookie, X-Flavour',
          'Origin',
          'User-Agent',
          'Accept-Encoding',
          'X-Forwarded-Host',
        ][hash % 6] ?? '',
      ]);
    case 'vary-all':
      return ok(['vary', ['*', '*, foo', ', *', 'Accept,\t*'][hash % 4] ?? '*']);
    case 'private':
      return ok(['cache-control', 'private']);
    case 'qualified':
      return {
        ...ok(['x-a', tenant.secret]),
        fields: [
          ['cache-control', 'max-age=9, private="x-a, set-cookie", no-cache="x-b"'],
          ['set-cookie', 'visit=own'],
        ],
      };
    case 'no-store':
      return ok(['cache-control', 'No-Store']);
    case 'cookie':
      return ok(['set-cookie', 'visit=NEXT; path=/']);
    case 'etag': {
      const tag = `"${hash}-tag"`;
      return fieldOf(request, 'if-none-match')?.includes(tag) === true
        ? { status: 304, fields: [['etag', tag], ...base], body: '' }
        : ok(['etag', tag]);
    }
    case 'range':
      return ranged(request, base, body, hash);
    case 'error':
      return {
        ...ok(),
        status:
          [500, 502, 503, 504, 404, 403, 401, 429, 410, 451, 405, 413, 431, 501][hash % 14] ?? 500,
      };
    case 'redirect':
      return {
        ...ok([
          'location',
          [
            request.target,
            `https://${fieldOf(request, 'x-forwarded-host') ?? ''}${request.target}`,
            '/clean/page',
            '//evil.test/',
            'http://[bad',
          ][hash % 5] ?? '/',
        ]),
        status: [301, 302, 303, 307, 308][hash % 5] ?? 302,
      };
    case 'echo':
      return ok([
        'x-echo',
        request.fields
          .map(([name, value]) => `${name}=${value}`)
          .join('; ')
          .replace(CONTROL, '?')
          .slice(0, 4000),
      ]);
    case 'odd-bytes':
      return raw(
        `${head}x-odd: \xe9\xff\x01\x7f \t end\r\nx-word: =?utf-8?q?x?=\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    case 'large-fields':
      return ok(['x-large', 'l'.repeat(5000 + (hash % 90_000))]);
    case 'many-fields':
      return ok(
        ...Array.from({ length: 100 + (hash % 700) }, (_, at) => [`x-many-${at}`, 'm'] as const),
      );
    case 'many-tags':
      return ok([
        'cache-tag',
        Array.from({ length: hash % 400 }, (_, at) => `${tenant.tag}-${at}`).join(','),
      ]);
    case 'truncated':
      return raw(`${head}content-length: ${body.length + 50}\r\n\r\n${body}`);
    case 'cut-chunks':
      return raw(
        `${head}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
      );
    case 'reset':
      return raw('');
    case 'chunked':
      return { ...ok(), framing: 'chunked' };
    case 'slow':
      return { ...ok(), delayMs: 40 + (hash % 60) };
    case 'early':
      // The runtime takes it for the final answer; what is behind it would be the next one's on the connection.
      return raw(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\nconnection: close\r\n\r\n`);
    case 'empty':
      return { status: [204, 205, 200][hash % 3] ?? 204, fields: base, body: '' };
    case 'unasked-304':
      return { status: 304, fields: [...base, ['etag', '"nobody"']], body: '' };
    case 'gzip':
      return {
        ...ok(['content-encoding', 'gzip']),
        body: gzipSync(Buffer.from(body, 'latin1')).toString('latin1'),
      };
    case 'not-gzip':
      return { ...ok(['content-encoding', 'gzip']), kind: `${kind} ${BROKEN}` };
    case 'too-long':
      return raw(`${head}content-length: 20\r\n\r\n${body}`);
    case 'bad-head':
      return raw(
        [
          `HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n`,
          'nonsense',
          `HTTP/9.9 200\r\n\r\n`,
          `HTTP/1.1 200 OK\r\nno colon\r\n\r\n`,
          `${head}x: ${'h'.repeat(200_000)}\r\n\r\n`,
        ][hash % 5] ?? '',
      );
    case 'status': {
      const status = [999, 600, 199, 100, 299, 599, 226][hash % 7] ?? 999;
      return raw(
        `HTTP/1.1 ${status} Odd\r\n${mark}connection: close\r\ncontent-length: ${status < 200 ? 0 : body.length}\r\n\r\n${status < 200 ? '' : body}`,
      );
    }
    case 'stale':
      return request.number % 2 === 0 ? ok() : { ...ok(), status: 503 };
    case 'age':
      return ok(
        ['age', ['5', '99999', '-1', '1.5', '3, 4', 'x'][hash % 6] ?? '0'],
        ['date', 'Tue, 01 Sep 2026 12:00:00 GMT'],
      );
    case 'groups':
      return ok(
        ['cache-groups', `"${tenant.tag}-group", "${tenant.tag}-other"`],
        ['cache-group-invalidation', `"${tenant.tag}-group"`],
      );
    case 'cache-status':
      return ok([
        'cache-status',
        ['Other; hit', 'Other; hit; key="x"', 'broken"', 'a, b;c, (d)', ''][hash % 5] ?? '',
      ]);
    case 'targeted':
      return ok(
        ['tiercel-cdn-cache-control', 'max-age=5'],
        ['cdn-cache-control', 'max-age=3, private="x"'],
      );
    case 'cors':
      return ok(
        ['access-control-allow-origin', fieldOf(request, 'origin') ?? '*'],
        ['access-control-allow-credentials', 'true'],
      );
    case 'large':
      return { ...ok(), body: body.padEnd(hash % 16 === 0 ? 1_500_000 : 200_000, 'L') };
    case 'events':
      return {
        ...ok(['content-type', 'text/event-stream']),
        framing: 'chunked',
        body: `data: ${body}\n\n`,
      };
    case 'two-lengths':
      return raw(`${head}content-length: ${body.length}\r\ncontent-length: 5\r\n\r\n${body}`);
    default:
      return ok(
        ['connection', 'x-hop, cache-control, set-cookie'],
        ['x-hop', tenant.secret],
        ['keep-alive', 'timeout=9'],
      );
  }
}

const CONTROL = /[^\t\x20-\x7e\x80-\xff]/g;

function ranged(request: OriginRequest, base: Draft['base'], body: string, hash: number): Shape {
  const [, first, last] = /^bytes=(\d{0,6})-(\d{0,6})/.exec(fieldOf(request, 'range') ?? '') ?? [];
  if (first === undefined || last === undefined || hash % 7 === 0)
    return {
      status: 200,
      fields: [...base, ['accept-ranges', 'bytes'], ['etag', `"${hash}-r"`]],
      body,
    };
  const from = Number(first);
  const to = Math.min(last === '' ? Infinity : Number(last), body.length - 1);
  if (from > to)
    return {
      status: 416,
      fields: [...base, ['content-range', `bytes */${body.length}`]],
      body: '',
    };
  return {
    status: 206,
    fields: [
      ...base,
      ['etag', `"${hash}-r"`],
      ['content-range', `bytes ${from}-${hash % 11 === 0 ? to + 1 : to}/${body.length}`],
    ],
    body: body.slice(from, to + 1),
  };
}
