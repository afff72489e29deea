import { schema, type Kind } from './kinds.ts';
import { isLoopback } from './loopback.ts';

/** Where Redis answers over HTTP; written without a slash at its end. Secret: some services put the token into it. */
export const redisUrl: Kind<string> = secretText(
  'https:// URL; http:// for this machine itself only',
  urlProblem,
  (url) => url.replace(/\/+$/, ''),
);

/** The bearer token of Redis. */
export const redisToken: Kind<string> = secretText('visible ASCII characters', tokenProblem);

function secretText(
  allowed: string,
  problemOf: (value: unknown) => string | undefined,
  written: (text: string) => string = (text) => text,
): Kind<string> {
  const door = <In>() =>
    schema<string, In>((value, refuse) => {
      const problem = problemOf(value);
      if (problem !== undefined) refuse(problem);
      return typeof value === 'string' ? written(value) : undefined;
    });
  return { option: door(), variable: door(), allowed, show: () => 'set' };
}

function tokenProblem(token: unknown): string | undefined {
  if (token === '') return 'must not be empty; it is a secret';
  if (typeof token === 'string' && /^(["']).*\1$/.test(token))
    return 'must be the token alone, without quotation marks around it';
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return undefined;
  return 'must be visible ASCII characters, without a space or a line break at its end';
}

function urlProblem(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url))
    return 'must be a URL such as https://name.upstash.io';
  // The parser would take them away, and whoever sends requests would not.
  if (/[\s\\]/.test(url)) return 'must not hold a space, a tab or a line break, also at its ends';
  const { protocol, hostname, username, password, search, hash } = new URL(url);
  if (search !== '' || hash !== '') return 'must not hold a query or a fragment';
  if (username !== '' || password !== '') return 'must not hold a user name or password';
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:' && isLoopback(hostname)) return undefined;
  return 'must begin with https:// (plain http:// is accepted for this machine itself only)';
}
