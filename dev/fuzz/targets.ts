import type { Random } from '../torture/random.ts';
import { CLEAN_PATHS } from './clean-pages.ts';
import { KINDS } from './hostile-kinds.ts';
import { TENANTS } from './tenants.ts';

/** Pages that many attacks have in common, so that one meets what another left. */
const SHARED = 3;

const ODD_PIECES = [
  '//',
  '/./',
  '/../',
  '%2e%2e/',
  '%2f',
  '%5c',
  '\\',
  ';x',
  '%00',
  '%0a',
  '%0d%0aX:y',
  '%zz',
  '%',
  '%3f',
  '%23',
  '?',
  '&',
  '=',
  '%26',
  '+',
  '%20',
  '#x',
  '\xe9',
  '\xff\xfe',
  '%C3%A9',
  '%c3%a9',
  '.css',
  '.php',
  ':',
  '@',
  '|',
  '^',
  '`',
  '{}',
  '<x>',
  '"',
  "'",
  '%25%32%65',
  '..;/',
  '*',
  '[]',
  '~',
  '\t',
] as const;

const QUERIES = [
  '?a=1',
  '?a=1&b=2',
  '?b=2&a=1',
  '?a=1&a=2',
  '?utm_source=x',
  '?A=1',
  '?a=1;utm_x=y',
  '?a=1%26b=2',
  '?',
  '?&',
  '?=',
  '?a',
  '?%61=1',
  '?a=1#f',
  '?a[]=1',
  '?callback=x',
  '?__proto__=1',
  '?a=%00',
] as const;

const API = [
  '/_tiercel/healthz',
  '/_tiercel/v1/stats',
  '/_tiercel/v1/inspect',
  '/_tiercel/v1/verify',
  '/_tiercel/v1/purge',
  '/_tiercel/v1/events',
  '/_tiercel/',
  '/_tiercel',
  '/_tiercel/v1/nothing',
  '/_TIERCEL/v1/stats',
  '/_tiercel//v1/stats',
  '/%5ftiercel/v1/stats',
  '/_tiercel/v1/stats?tenant=loose',
  '/_tiercel/v1/purge?tenant=*',
  '/x/../_tiercel/v1/stats',
] as const;

/** Where a request goes: most of them to pages that others ask for as well. @param host of the tenant it is meant for */
export function drawTarget(random: Random, canary: string, host: string): string {
  switch (
    random.weighted({
      clean: 40,
      shared: 20,
      own: 15,
      odd: 12,
      api: 8,
      absolute: 2,
      strange: 2,
      long: 1,
    })
  ) {
    case 'clean':
      return random.chance(0.85)
        ? random.pick(CLEAN_PATHS)
        : random.pick(CLEAN_PATHS).replace(/\?.*/, '') + query(random, canary);
    case 'shared':
      return `/b/${random.pick(KINDS)}/${random.int(SHARED)}`;
    case 'own':
      return `/b/${random.pick(KINDS)}/${canary}${random.chance(0.3) ? query(random, canary) : ''}`;
    case 'odd':
      return oddly(
        random,
        random.pick([random.pick(CLEAN_PATHS), `/b/plain/${random.int(SHARED)}`, `/${canary}`]),
        canary,
      );
    case 'api':
      return apiTarget(random, canary, host);
    case 'absolute':
      return `${random.pick(['http', 'https', 'HTTP', 'ftp'])}://${random.pick([host, random.pick(TENANTS).hosts[0], 'evil.test', `u:p@${host}`, `${host}:80`, ''])}${random.pick(CLEAN_PATHS)}`;
    case 'strange':
      return random.pick([
        '*',
        '',
        host,
        `${host}:443`,
        '?a',
        '#',
        'x',
        '\\x',
        '//',
        `//${host}/clean/page`,
        '/ /x',
        '.',
        '%2f',
        '/\0',
        '/\x7f',
        '/\r',
      ]);
    default:
      return `/b/plain/${canary}${random.pick(['/a', 'x', '%41', '?'])}`.padEnd(
        random.pick([1000, 2100, 9000, 40_000, 70_000]),
        random.pick(['a', '/', '%20', '&a=']),
      );
  }
}

function query(random: Random, canary: string): string {
  return random.pick([
    random.pick(QUERIES),
    `?utm_x=${canary}`,
    `?a=1&b=2&utm_x=${canary}`,
    `?a=1&b=2&${canary}`,
    `?q="><${canary}`,
  ]);
}

function oddly(random: Random, path: string, canary: string): string {
  let made = path;
  for (let left = 1 + random.int(3); left > 0; left -= 1) {
    const at = 1 + random.int(made.length);
    made =
      made.slice(0, at) + random.pick(random.chance(0.1) ? [canary] : ODD_PIECES) + made.slice(at);
  }
  return random.chance(0.1) ? made.toUpperCase().replaceAll('CANARY', 'canary') : made;
}

function apiTarget(random: Random, canary: string, host: string): string {
  const base = random.pick(API);
  if (!/inspect|verify/.test(base) || random.chance(0.3))
    return random.chance(0.1) ? `${base}?${canary}` : base;
  const url = `https://${random.pick([host, random.pick(TENANTS).hosts[0], 'evil.test'])}${random.pick(CLEAN_PATHS)}`;
  const asked = random.pick([
    `url=${encodeURIComponent(url)}`,
    `url=${encodeURIComponent(url.replace('https', 'http'))}&value=1`,
    `url=${url}`,
    `key=g:${canary}`,
    `key=${random.pick(['g', 'e:x', 'n:x:y', 'v:1', '%00', ''])}`,
    'sample=5',
    'sample=1000',
    'sample=5&origin=0',
    'url=&key=',
    `tenant=${random.pick(TENANTS).id}`,
  ]);
  return `${base}?${asked}`;
}
