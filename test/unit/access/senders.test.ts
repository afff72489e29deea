import { expect, test } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { Senders } from '../../../src/access/senders.ts';

const NOW = 1_800_000_000_000;
const secretOf = (letter: string): string => `whsec_${btoa(letter.repeat(32))}`;
const [own, everybodys, foreign] = [secretOf('o'), secretOf('e'), secretOf('f')];
// That of all stands first: which is asked first must not be the order of the list.
const senders = new Senders([
  { id: 'all', tenant: '*', secret: everybodys },
  { id: 'other', tenant: 'other', secret: foreign },
  { id: 'own', tenant: 'acme', secret: own },
]);

/** Who has signed, by the id of the secret that is found. */
async function signedBy(tenant: string, ...secrets: readonly string[]): Promise<string> {
  const time = new Date(NOW);
  const headers = new Headers({
    'webhook-id': 'm',
    'webhook-timestamp': String(NOW / 1000),
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret).sign('m', time, 'body'))
      .join(' '),
  });
  const verdict = await senders.verify(headers, new TextEncoder().encode('body'), tenant, NOW);
  return verdict.ok ? verdict.secret.id : verdict.reason;
}

test.each<[string, string, readonly string[], string]>([
  ['a tenant’s own secret', 'acme', [own], 'own'],
  ['a secret of all', 'acme', [everybodys], 'all'],
  ['both: it is the tenant’s own', 'acme', [everybodys, own], 'own'],
  ['another tenant’s secret', 'acme', [foreign], 'mismatch'],
  ['a secret of all, for every tenant', '*', [everybodys], 'all'],
  ['a tenant’s own secret, for every tenant', '*', [own], 'mismatch'],
  ['a secret of all, for a tenant that there is not', 'nobody', [everybodys], 'all'],
])('a message is signed by %s', async (_, tenant, secrets, by) => {
  expect(await signedBy(tenant, ...secrets)).toBe(by);
});
