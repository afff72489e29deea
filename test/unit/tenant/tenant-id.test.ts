import { expect, it } from 'vitest';
import { isTenantId } from '../../../src/tenant/tenant-id.ts';

it.each(['a', '0', 'acme', 'acme-eu_2', 'x'.repeat(64)])('%s names a tenant', (id) => {
  expect(isTenantId(id)).toBe(true);
});

it.each(['', '-a', '_a', 'Acme', 'a:b', 'a.b', '~a', 'é', 'a b', 'a\n', '*', 'x'.repeat(65)])(
  '%j names none',
  (id) => {
    expect(isTenantId(id)).toBe(false);
  },
);
