import { describe, expect, it, test } from 'vitest';
import { Script } from '../../../src/authority/redis/script.ts';
import { formatClearHeader } from '../../../src/codec/stamp.ts';
import * as scripts from '../../../src/authority/redis/scripts.ts';

const hex = (digest: ArrayBuffer): string =>
  Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');

describe('a script', () => {
  it.each([true, false])(
    'is called by the SHA-1 of what is sent, key locking %s',
    async (locking) => {
      const { source, sha } = new Script('return 1').variant(locking);
      expect(source).toBe(locking ? '#!lua flags=allow-key-locking\nreturn 1' : 'return 1');
      expect(sha).toBe(hex(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(source))));
    },
  );

  test('is digested once', () => {
    const script = new Script('return 1');
    expect(script.variant(true)).toBe(script.variant(true));
    expect(script.variant(true)).not.toBe(script.variant(false));
  });

  it.each(Object.entries(scripts))(
    '%s formats no seq with tostring, which would round it, and reaches no key that it did not declare',
    (_name, source) => {
      expect(source).not.toMatch(/tostring\s*\(/);
      for (const [, key] of source.matchAll(/redis\.p?call\('[A-Z]+',\s*([^,)]+)/g))
        expect([
          'ledger',
          'heads',
          'KEYS[1]',
          'KEYS[2]',
          'KEYS[3]',
          'KEYS[at]',
          "'server'",
        ]).toContain(key?.trim());
    },
  );

  test.each([
    ['MARK', scripts.MARK],
    ['MARK_QUIETLY', scripts.MARK_QUIETLY],
  ])(
    '%s remembers its message behind everything else: a script that is cut off takes nothing back',
    (_name, source) => {
      const writes = [...source.matchAll(/redis\.call\('(?:ZADD|ZREM|UNLINK|DEL|SET)'/g)];
      expect(source.slice(writes.at(-1)?.index)).toMatch(/^redis\.call\('SET', KEYS\[3\]/);
    },
  );

  test('that reads or writes a clear header knows it as the codec does', () => {
    const magic = formatClearHeader({ epoch: 'a'.repeat(32), asOf: 1 }).slice(0, 4);
    expect(scripts.COMMIT).toContain(`== '${magic}'`);
    expect(scripts.SUPERSEDE).toContain(`'${magic}' .. epoch`);
  });
});
