import type { Random } from '../torture/random.ts';
import { CLEAN_PATHS } from './clean-pages.ts';
import { TENANTS } from './tenants.ts';

/** A body with the lines that announce it, rightly or not. */
export interface Body {
  readonly lines: readonly string[];
  readonly body: string;
  readonly ends?: boolean;
}

const NONE: Body = { lines: [], body: '' };

/** @param method decides whether there is one, mostly */
export function drawBody(
  random: Random,
  method: string,
  target: string,
  canary: string,
  host: string,
): Body {
  const usual = method !== 'GET' && method !== 'HEAD';
  if (!random.chance(usual ? 0.85 : 0.08)) return NONE;
  const text =
    target.includes('_tiercel') || target.startsWith('/v1')
      ? apiBody(random, canary, host)
      : random.pick([
          canary,
          `a=${canary}&b=2`,
          JSON.stringify({ a: canary }),
          '',
          `${canary}${'b'.repeat(random.int(3000))}`,
          '\0\xff\x80',
        ]);
  const length = `Content-Length: ${text.length}`;
  const chunked = `${text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`}0\r\n\r\n`;
  switch (
    random.weighted({
      length: 60,
      chunked: 25,
      both: 3,
      short: 4,
      long: 3,
      'bad-chunk': 2,
      'no-end': 2,
      twice: 2,
    })
  ) {
    case 'length':
      return { lines: [length], body: text };
    case 'chunked':
      return { lines: ['Transfer-Encoding: chunked'], body: chunked };
    case 'both':
      return {
        lines: [
          `Content-Length: ${random.pick([text.length, 3, chunked.length])}`,
          'Transfer-Encoding: chunked',
        ],
        body: chunked,
      };
    case 'short':
      return { lines: [`Content-Length: ${text.length + 10}`], body: text, ends: true };
    case 'long':
      return {
        lines: [length],
        body: `${text}${random.pick(['x', '\r\n', `GET /clean/page HTTP/1.1\r\nHost: ${host}\r\nX-Custom: ${canary}\r\n\r\n`, `GET /b/plain/${canary} HTTP/1.1\r\nHost: ${random.pick(TENANTS).hosts[0]}\r\n\r\n`])}`,
      };
    case 'bad-chunk':
      return {
        lines: ['Transfer-Encoding: chunked'],
        body: random.pick([
          'zz\r\nabc\r\n0\r\n\r\n',
          '-1\r\n',
          '5;x=y\r\nabcde\r\n0\r\n\r\n',
          'FFFFFFFFFFFFFFFFF\r\na',
          '3\r\nabcdef\r\n0\r\n\r\n',
          '0x3\r\nabc\r\n0\r\n\r\n',
          '3\nabc\n0\n\n',
          `0\r\nX-Trailer: ${canary}\r\n\r\n`,
        ]),
        ends: true,
      };
    case 'no-end':
      return {
        lines: ['Transfer-Encoding: chunked'],
        body: `${text.length.toString(16)}\r\n${text}\r\n`,
        ends: true,
      };
    default:
      return {
        lines: [length, random.pick([length, 'Content-Length: 0', 'content-length: 7'])],
        body: text,
      };
  }
}

function apiBody(random: Random, canary: string, host: string): string {
  const other = random.pick(TENANTS);
  const made: unknown = random.pick<unknown>([
    { urls: [`https://${random.pick([host, other.hosts[0]])}${random.pick(CLEAN_PATHS)}`] },
    {
      tags: [random.pick([other.tag, canary, '', 'x'.repeat(300), '\u0007'])],
      mode: random.pick(['hard', 'soft', 'x', 1]),
    },
    {
      prefixes: [
        `https://${random.pick([host, other.hosts[0]])}/clean`,
        ['g', 'https', other.hosts[0]],
      ],
    },
    { hosts: [random.pick([host, other.hosts[0], `${host}.`, '*', ''])] },
    { groups: [`${other.tag}-group`, { origin: `https://${other.hosts[0]}`, name: canary }] },
    {
      keys: [
        ['g', 'https', other.hosts[0], 'clean', 'page', '?'],
        'n:x:y',
        'g',
        [],
        [canary, '\u0000'],
        5,
      ],
    },
    { all: random.pick<unknown>([true, false, 'true', 1]) },
    { all: true, urls: [] },
    { urls: Array.from({ length: 1200 }, (_, at) => `https://${host}/${at}`) },
    {
      ['__proto__']: { all: true },
      urls: [
        canary,
        null,
        {},
        'javascript:x',
        `https://${host}:99999/`,
        'https://[',
        `https://x@${host}/`,
      ],
    },
    [],
    null,
    canary,
    5,
    [[[[]]]],
    {},
    { type: 'x', data: { id: canary } },
    [{ type: 'x', tenant: other.id }],
  ]);
  const json = JSON.stringify(made);
  return random.pick([
    json,
    json,
    json,
    json.slice(0, -1),
    `${json}x`,
    `\xef\xbb\xbf${json}`,
    '',
    '{"a":'.repeat(2000),
    json.replace('"', '"\0'),
    'NaN',
    `{"urls":["\xff"]}`,
  ]);
}
