import { Keyring } from '../../../src/codec/encryption.ts';
import type { Entry } from '../../../src/codec/entry.ts';
import { KeySpace } from '../../../src/tenant/key.ts';
import { encodeKey } from '../../../src/tenant/segments.ts';
import { tenantId } from '../support/tenants.ts';

/*
 * What the frames of test/golden/ say. The entries have what is easily got wrong: text beyond ASCII, an empty header,
 * a repeated header, no etag, a payload with NUL and with bytes that are no UTF-8.
 */
const space = new KeySpace('tc', 1);
const stamp = { epoch: '00112233445566778899aabbccddeeff', asOf: 1_785_542_400_123_456 };

export const httpKey = space.key(tenantId('acme'), 'g:https:acme.example:cities:42:?lang%3Dde');
export const httpEntry: Entry = {
  value: new TextEncoder().encode('{"id":42,"name":"Zürich"}\n'),
  form: {
    type: 'http',
    status: 200,
    headers: [
      ['cache-control', 'public, max-age=60'],
      ['content-type', 'application/json'],
      ['etag', '"v42"'],
      ['link', '</cities/41>; rel="prev"'],
      ['link', '</cities/43>; rel="next"'],
      ['x-empty', ''],
    ],
  },
  etag: '"v42"',
  createdAt: 1_785_542_400_000,
  freshUntil: 1_785_542_460_000,
  staleUntil: 1_785_542_520_000,
  staleIfErrorUntil: 1_785_544_000_000,
  expiresAt: 1_785_546_000_000,
  lifeUntil: 1_788_134_400_000,
  tags: ['city:42', 'country:ch', 'größe'],
  loadMs: 12.5,
  stamp,
};

export const valueKey = space.key(tenantId('acme'), encodeKey(['n', 'permissions', 'user:7', '~']));
export const valueEntry: Entry = {
  value: new Uint8Array([0, 255, 128, 10, 13, 0]),
  form: { type: 'value', contentType: 'application/octet-stream' },
  etag: undefined,
  createdAt: 0,
  freshUntil: 1,
  staleUntil: 2,
  staleIfErrorUntil: 3,
  expiresAt: 253_402_300_799_998,
  lifeUntil: 253_402_300_799_999,
  tags: [],
  loadMs: 0,
  stamp: { epoch: 'f'.repeat(32), asOf: 0 },
};

export const longKey = space.key(tenantId('acme'), encodeKey(['n', 'pages', 'terms']));
/** Long enough for gzip, and worth it. */
export const longEntry: Entry = {
  ...httpEntry,
  value: new TextEncoder().encode('All rights reserved. '.repeat(60)),
};

/** Keys and nonce are of these frames only: a nonce that is used twice gives both messages away. */
export const goldenKeyring = (): Keyring =>
  Keyring.from([{ id: '2026-08', secret: Uint8Array.from({ length: 32 }, (_, at) => at) }], () =>
    Uint8Array.from({ length: 12 }, (_, at) => 0xa0 + at),
  );
