import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resourceKey } from '../../src/gateway/request-key.ts';
import { KeySpace } from '../../src/tenant/key.ts';
import { tenantId } from '../unit/support/tenants.ts';

/** What separates parts of a key and of a URL. */
const SEPARATORS = [':', '/', '?', '%3A', '%', 'a'];
/** What stands for it, and what is easily taken for something else. */
const OTHERS = [
  '%3a %2F %3F # & = ; ~ - _ . .. %2e %25 %00 %0A %0D \\ %5C + %20'.split(' '),
  ['\0', '\n', ' ', '\u00e9', 'e\u0301', '%C3%A9', 'e%CC%81', '\uff0f', '\u2028', '\ud800'],
  ['A', 'b', 'v1', 't', 'g', 'https', '206'],
].flat();
/** Longer than names are kept whole. */
const LONG = ['x'.repeat(600), `${'x'.repeat(600)}:`];
const TENANTS = ['a', 'b', 'a-b', 'a_b', 'v1', 't', 'g', 'https', 'a-', '0'];
const SCHEMES = ['http', 'https'];
const HOSTS = ['a', 'b', 'a.b', 'a:1', 'a:80', 'a:443', 'a-b', 'xn--9ca', '[::1]', '127.0.0.1'];
const PATHS = 100;
const QUERIES = 50;
const TUPLES = 1_000_000;

/** Texts that are near each other: of a few pieces, all that are made of two at most. */
function texts(count: number, seed: number): readonly string[] {
  const pieces = fc.shuffledSubarray(OTHERS, { minLength: 4, maxLength: 4 });
  const [drawn = []] = fc.sample(pieces, { numRuns: 1, seed });
  const all = [...SEPARATORS, ...drawn];
  return ['', ...all, ...all.flatMap((one) => all.map((other) => one + other))].slice(0, count);
}

describe('keys are injective over tenant, scheme, host, path and query [trap:key-collision]', () => {
  const seed = Date.now() % 1_000_000;

  test(`no two of a million that differ have one name, seed ${seed}`, () => {
    const space = new KeySpace('tc', 1);
    const tenants = TENANTS.map(tenantId);
    const queries = [...texts(QUERIES - 1, seed + 1), 'y'.repeat(600)];
    const paths = [...texts(PATHS - LONG.length, seed), ...LONG];
    const identities = new Set<string>();
    const names = new Set<string>();
    let tuples = 0;
    for (const path of paths) {
      for (const query of queries) {
        for (const scheme of SCHEMES) {
          for (const host of HOSTS) {
            const url = new URL(`${scheme}://${host}/${path}?${query}`);
            const key = resourceKey(url);
            // What the parser folds is one URL, and sent to the origin as one.
            const { protocol, host: written, pathname, search } = url;
            identities.add(JSON.stringify([protocol, written, pathname, search]));
            for (const tenant of tenants) names.add(space.key(tenant, key).name);
            tuples += tenants.length;
          }
        }
      }
    }
    expect(tuples).toBe(TUPLES);
    expect(identities.size).toBeGreaterThan(TUPLES / TENANTS.length / 4);
    expect(names.size).toBe(identities.size * TENANTS.length);
  });
});
