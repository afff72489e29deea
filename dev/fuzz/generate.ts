import { Random } from '../torture/random.ts';
import { drawBody } from './bodies.ts';
import { canaryOf } from './canary.ts';
import { drawHostLines, drawLines } from './field-lines.ts';
import { hashOf } from './origin-request.ts';
import type { RawRequest } from './request.ts';
import { drawTarget } from './targets.ts';
import { TENANTS } from './tenants.ts';

const METHODS = {
  GET: 62,
  HEAD: 9,
  POST: 11,
  PUT: 2,
  DELETE: 2,
  PATCH: 1,
  OPTIONS: 2,
  TRACE: 1,
  PURGE: 2,
  BAN: 1,
  QUERY: 1,
  COPY: 1,
  PROPFIND: 1,
  CONNECT: 0.5,
  get: 0.5,
  FOO: 0.5,
  'M-SEARCH': 0.3,
  '': 0.2,
  'GE\0T': 0.2,
  PRI: 0.2,
} as const;

/** Source of everything that is drawn for one number of a run: the same number, whatever came before it. */
export function drawsOf(seed: number, number: number, purpose: string): Random {
  return new Random(hashOf(`${seed} ${number} ${purpose}`));
}

/** The attack with that number. The same seed and number make the same bytes, everywhere. */
export function attackOf(seed: number, number: number): RawRequest {
  const random = drawsOf(seed, number, 'attack');
  // Now and then what somebody else has sent a moment ago.
  const canary = canaryOf(number > 20 && random.chance(0.1) ? number - 1 - random.int(20) : number);
  const tenant = random.pick(TENANTS);
  const host = random.chance(0.85) ? tenant.hosts[0] : random.pick(tenant.hosts);
  const target = drawTarget(random, canary, host);
  const api = target.includes('_tiercel/v1/');
  const method =
    api && random.chance(0.4) && /purge|events/.test(target) ? 'POST' : random.weighted(METHODS);
  const extra = random.weighted({ none: 12, one: 40, two: 25, some: 20, many: 3 });
  const count = { none: 0, one: 1, two: 2, some: 3 + random.int(3), many: 10 + random.int(10) }[
    extra
  ];
  const lines = [
    ...drawHostLines(random, host),
    ...(api && random.chance(0.6)
      ? [`Authorization: Bearer ${(random.chance(0.6) ? tenant : random.pick(TENANTS)).token}`]
      : []),
    ...Array.from({ length: count }, () => drawLines(random, canary, host)).flat(),
  ];
  if (random.chance(0.02)) lines.push(random.pick(lines.length > 0 ? lines : ['X: y']));
  const { lines: framing, body, ends } = drawBody(random, method, target, canary, host);
  return {
    method,
    target,
    version: random.chance(0.98)
      ? 'HTTP/1.1'
      : random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', '']),
    lines: random.chance(0.1) ? random.shuffled([...lines, ...framing]) : [...lines, ...framing],
    body,
    ...(ends && { ends }),
  };
}
