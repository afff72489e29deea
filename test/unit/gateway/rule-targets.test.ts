import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { InvalidKey } from '../../../src/errors.ts';
import { parseCacheTags } from '../../../src/gateway/cache-tags.ts';
import { parsePurgeBody } from '../../../src/gateway/purge-body.ts';
import { ruleTargets } from '../../../src/gateway/rule-targets.ts';
import { tenant } from '../support/tenants.ts';

const acme = tenant('acme');

function problemOf(named: object): string | undefined {
  try {
    ruleTargets(named, acme);
  } catch (error) {
    if (error instanceof InvalidKey) return error.message;
    throw error;
  }
  return undefined;
}

/** Whether a response with this field has exactly this tag. */
function isTagOfResponse(text: string): boolean {
  try {
    const { names } = parseCacheTags(new Headers({ 'cache-tag': text }));
    return names.length === 1 && names[0] === text;
  } catch {
    return false;
  }
}

describe('what a rule names', () => {
  test('is what a purge names', () => {
    const named = { tags: ['city:7', 'a b'], urls: ['https://acme.example/a'], keys: ['n:a:b'] };
    const parsed = parsePurgeBody(named, acme);
    expect('targets' in parsed && parsed.targets).toEqual(ruleTargets(named, acme));
  });

  it.each(['a,b', ',', ' a', 'a ', '  ', 'größe', 'a\u00a0', '\u2003a'])(
    'is no tag that no Cache-Tag holds: %j',
    (tag) => {
      expect(problemOf({ tags: ['a', tag] })).toBe(
        'tags.1: must be printable ASCII without a comma, or a space at an end: no Cache-Tag holds another tag',
      );
      // A purge may: values of the library have other tags.
      expect(parsePurgeBody({ tags: [tag] }, acme)).toMatchObject({ targets: [`t:${tag}`] });
    },
  );

  test('is a tag exactly when a response can have it', () => {
    const character = fc.oneof(
      fc.constantFrom(' ', ',', ':', '\t', '\n', '\0', '\x7f', 'é', '€', '"', '~', '!'),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    const tag = fc.array(character, { minLength: 1, maxLength: 5 }).map((all) => all.join(''));
    fc.assert(
      fc.property(tag, (text) => {
        expect(problemOf({ tags: [text] }) === undefined).toBe(isTagOfResponse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(["a'.s3cret.example", "s3cret'.example", 's3cret.example'])(
    'is not told where it can not be purged: %s',
    (host) => {
      for (const named of [
        { urls: [`https://${host}/`] },
        { hosts: [host] },
        { prefixes: [['g', 'https', host]] },
        { groups: [{ origin: `https://${host}`, name: 'a' }] },
        { keys: ['s3cret'] },
        { tags: ['s3cret\n'] },
        { groups: ['s3cret€'] },
      ]) {
        const problem = problemOf(named);
        expect(problem).toMatch(/^[a-z]+\.0: must /);
        expect(problem).not.toContain('s3cret');
      }
    },
  );
});
