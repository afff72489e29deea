import { ownHop } from './cdn-loop.ts';

const OWN_VIA = /^[0-9.]{1,8} tiercel$/;
const OWN_LOOP = /^tiercel; host="([a-z0-9.:[\]-]*)"$/;

/** Ways to write a quotation mark. */
const MARKS = ['"', String.raw`\"`, '&quot;', '&#34;', '%22'] as const;

/**
 * What to look for of a member of `Via` or `CDN-Loop` that a gateway like this one adds. Anybody can send the same: of another
 * host than the one that is asked for it is looked for as it is written there, because pages link to hosts. Undefined for
 * any other member.
 */
export function wordsOfHop(member: string, url: URL): readonly string[] | undefined {
  if (OWN_VIA.test(member) || member === ownHop(url)) return [];
  const host = OWN_LOOP.exec(member)?.[1];
  return host === undefined ? undefined : MARKS.map((mark) => `host=${mark}${host}`);
}
