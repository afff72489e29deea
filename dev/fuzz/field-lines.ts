import type { Random } from '../torture/random.ts';
import {
  CONDITIONS,
  DIRECTIVES,
  MODES,
  PASSING_NAMES,
  RANGES,
  TRUSTED_NAMES,
} from './field-values.ts';
import { TENANTS } from './tenants.ts';

/** One more field line, or a few. @param canary what its value holds where it can */
export function drawLines(random: Random, canary: string, host: string): string[] {
  const other = random.pick(TENANTS);
  switch (
    random.weighted({
      trusted: 14,
      passing: 18,
      language: 6,
      origin: 5,
      cookie: 8,
      range: 8,
      condition: 8,
      directive: 8,
      pragma: 1,
      authorization: 5,
      debug: 3,
      mode: 5,
      connection: 5,
      loop: 3,
      upgrade: 1,
      size: 2,
      control: 2,
      broken: 3,
      framing: 2,
      expect: 1,
      api: 2,
    })
  ) {
    case 'trusted':
      return [
        `${cased(random, random.pick(TRUSTED_NAMES))}: ${random.pick([`${canary}.evil.test`, canary, `host=${canary}`, `/${canary}`, 'DELETE', 'POST', other.hosts[0], other.tag])}`,
      ];
    case 'passing':
      return [
        `${cased(random, random.pick(PASSING_NAMES))}: ${random.pick([canary, `x ${canary} y`, `"${canary}"`, `${canary}; q=0.5`, `${canary},${canary}`, `http://${canary}.test/`, '', ' ', 'x'])}`,
      ];
    case 'language':
      return [
        `Accept-Language: ${random.pick(['en', 'de', 'fr;q=0.5, en', '*', canary, `en-${canary}`, 'en;q=x', 'x'.repeat(300), 'en,'.repeat(100)])}`,
      ];
    case 'origin':
      return [`Origin: ${random.pick([`https://${canary}.test`, 'null', '*', 'x'])}`];
    case 'cookie':
      return [
        `Cookie: ${random.pick([`session=${canary}`, `a=1; visit=${canary}`, canary, '=', `$Version=1; ${canary}`, `a="${canary}`])}`,
      ];
    case 'range':
      return [
        `Range: ${random.pick(RANGES)}`,
        ...(random.chance(0.2) ? [random.pick(CONDITIONS)] : []),
      ];
    case 'condition':
      return [random.chance(0.3) ? `If-None-Match: "${canary}"` : random.pick(CONDITIONS)];
    case 'directive':
      return [`Cache-Control: ${random.chance(0.1) ? canary : random.pick(DIRECTIVES)}`];
    case 'pragma':
      return ['Pragma: no-cache'];
    case 'authorization':
      return [authorization(random, canary)];
    case 'debug':
      return [
        `Tiercel-Debug: ${random.pick([canary, other.token, random.pick(TENANTS).token, '', '1'])}`,
      ];
    case 'mode':
      return [`X-App-Mode: ${random.pick(MODES)}`];
    case 'connection':
      return [
        `Connection: ${random.pick(['close', 'keep-alive', `X-Custom, ${canary}`, 'Cache-Control', 'Host', 'Cookie, Authorization', 'Cache-Status', 'X-Forwarded-Host', ',', 'close, keep-alive, upgrade'])}`,
        ...(random.chance(0.4)
          ? [
              `X-Custom: ${canary}`,
              `Keep-Alive: ${canary}`,
              `TE: trailers`,
              `Proxy-Authorization: ${canary}`,
            ]
          : []),
      ];
    case 'loop':
      return [
        `CDN-Loop: ${random.pick([canary, 'tiercel', `tiercel; host="${host}"`, `tiercel; host="${other.hosts[0]}"`, Array.from({ length: 12 }, () => 'tiercel').join(', '), '"', `x; y="${canary}"`])}`,
      ];
    case 'upgrade':
      return ['Connection: Upgrade', `Upgrade: ${random.pick(['h2c', 'foo', 'TLS/1.0'])}`];
    case 'size':
      return random.chance(0.5)
        ? [`X-Large: ${canary}${'l'.repeat(random.pick([3000, 5000, 9000, 17_000, 70_000]))}`]
        : Array.from(
            { length: random.pick([50, 150, 600]) },
            (_, at) => `X-Many-${at}: ${at === 0 ? canary : 'm'}`,
          );
    case 'control':
      return [
        `X-Custom: ${random.pick(['a\x07b', 'a\x01', '\x7f', 'a\x0bb', 'a\x1fb', '\xe9\xff', 'a\0b'])}${canary}`,
      ];
    case 'broken':
      return [
        random.pick([
          `X-Custom : ${canary}`,
          ` X-Custom: ${canary}`,
          `X-Custom: a\r\n ${canary}`,
          'NoColon',
          `: ${canary}`,
          `X(y): ${canary}`,
          `X-\xe9: ${canary}`,
          `X-Custom: a\r${canary}: b`,
          `X-Custom: a\n${canary}: b`,
          `X y: ${canary}`,
        ]),
      ];
    case 'framing':
      return [
        random.pick([
          'Content-Length: 0',
          'Content-Length: 5',
          'Content-Length: -1',
          'Content-Length: +0',
          'Content-Length: 0, 0',
          'Transfer-Encoding: chunked',
          'Transfer-Encoding: identity',
          'Transfer-Encoding: gzip, chunked',
          'Transfer-Encoding: \x0bchunked',
          'Transfer-Encoding: x',
          'Content-Length: 99999999999999999999',
        ]),
      ];
    case 'expect':
      return [`Expect: ${random.pick(['100-continue', canary, ''])}`];
    default:
      return [
        `webhook-id: ${canary}`,
        `webhook-timestamp: ${random.pick(['0', 'x', '1795000000'])}`,
        `webhook-signature: v1,${canary}`,
      ];
  }
}

function authorization(random: Random, canary: string): string {
  const { token } = random.pick(TENANTS);
  return `Authorization: ${random.pick([`Bearer ${token}`, `bearer ${token}`, `Bearer ${canary}`, `Basic ${canary}`, 'Bearer', `Bearer ${token} ${token}`, `Bearer ${token.slice(0, -1)}`, 'Bearer \xe9', canary])}`;
}

function cased(random: Random, name: string): string {
  return random.pick([name, name, name.toLowerCase(), name.toUpperCase()]);
}

/** The lines that say which host is meant; mostly one, the tenant's own. */
export function drawHostLines(random: Random, host: string): string[] {
  if (random.chance(0.9)) return [`Host: ${host}`];
  const other = random.pick(TENANTS).hosts[0];
  return random.pick([
    [`Host: ${host}.`],
    [`Host: ${host.toUpperCase()}`],
    [`Host: ${host}:80`],
    [`Host: ${host}:8787`],
    [`Host: ${host}:99999`],
    [`Host: ${host}:`],
    [`Host: ${host}:0`],
    [`host:${host}`],
    [],
    [`Host: ${host}`, `Host: ${other}`],
    [`Host: ${host}`, `Host: ${host}`],
    [`Host: ${host}, ${other}`],
    [`Host: ${host}/x`],
    [`Host: x@${host}`],
    ['Host: '],
    ['Host: evil.test'],
    ['Host: admin.fuzz.test'],
    [`Host: ${host}\t`],
    [`Host: ${host}\x00`],
    ['Host: [::1]'],
    ['Host: 127.0.0.1'],
    [`Host: ${host}%00.${other}`],
    [`Host : ${host}`],
    [`Host: ${host}..`],
    [`Host: .${host}`],
    [`Host: ${other}`, `X-Forwarded-Host: ${host}`],
    [`Host: xn--${host}`],
    [`Host: ${host}:x`],
    [`Host: \xef\xbd\x81${host}`],
  ]);
}
