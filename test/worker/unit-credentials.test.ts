import { describe, expect, it, test } from 'vitest';
import { Credentials, type KnownCredential } from '../../src/access/credentials.ts';

const digest = async (token: string): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))).toHex();

const known: KnownCredential[] = [
  { id: 'ci', sha256: await digest('ci-token'), tenant: 'acme', scopes: ['purge'] },
  { id: 'ops', sha256: await digest('ops-token'), tenant: '*', scopes: ['purge', 'stats'] },
  { id: 'watch', sha256: await digest('watch-token'), tenant: 'acme', scopes: ['stats'] },
];
const credentials = new Credentials(known);

describe('a token may do what its credential says', () => {
  it.each([
    ['its scope on its tenant', 'ci-token', 'acme', 'purge', 'ci'],
    ['any tenant, where it is one for all', 'ops-token', 'other', 'stats', 'ops'],
    ['the last of the list', 'watch-token', 'acme', 'stats', 'watch'],
  ])('%s', async (_what, token, tenant, scope, id) => {
    expect(await credentials.authorize(`Bearer ${token}`, tenant, scope)).toEqual({
      allowed: true,
      id,
    });
  });

  test('the scheme is of any case (RFC 9110, section 11.1)', async () => {
    const access = await credentials.authorize('bEARER ci-token', 'acme', 'purge');
    expect(access).toEqual({ allowed: true, id: 'ci' });
  });
});

describe('and nothing else', () => {
  it.each([
    ['another tenant', 'ci-token', 'other', 'purge'],
    ['a tenant whose name is its id', 'ci-token', 'ci', 'purge'],
    ['a tenant named like the wildcard', 'ci-token', '*', 'purge'],
    ['another scope', 'ci-token', 'acme', 'stats'],
    ['no scope', 'ci-token', 'acme', ''],
  ])('%s is forbidden', async (_what, token, tenant, scope) => {
    expect(await credentials.authorize(`Bearer ${token}`, tenant, scope)).toEqual({
      allowed: false,
      reason: 'forbidden',
    });
  });

  it.each([
    ['nothing', null],
    ['an empty field', ''],
    ['no token', 'Bearer'],
    ['an empty token', 'Bearer '],
    ['another scheme', 'Basic ci-token'],
    ['the token alone', 'ci-token'],
    ['an unknown token', 'Bearer no-token'],
    ['the beginning of a token', 'Bearer ci-toke'],
    ['more than a token', 'Bearer ci-token2'],
    ['a token in another case', 'Bearer CI-TOKEN'],
    ['two tokens', 'Bearer ci-token ops-token'],
    ['a list of fields', 'Bearer ci-token, Bearer ops-token'],
    ['a token between spaces', 'Bearer  ci-token'],
    ['a token and a line feed', 'Bearer ci-token\n'],
    ['the digest of a token', `Bearer ${known[0]?.sha256 ?? ''}`],
    ['text beyond ASCII', 'Bearer é'],
    ['a token longer than any', `Bearer ${'x'.repeat(1025)}`],
  ])('%s is unauthenticated', async (_what, field) => {
    expect(await credentials.authorize(field, 'acme', 'purge')).toEqual({
      allowed: false,
      reason: 'unauthenticated',
    });
  });

  test('without credentials nobody may do anything', async () => {
    expect(await new Credentials([]).authorize('Bearer ci-token', 'acme', 'purge')).toEqual({
      allowed: false,
      reason: 'unauthenticated',
    });
  });
});
