import { secretBytes, verifySignature, type SignatureVerdict } from '../invalidation/signature.ts';

/** A secret that senders of domain events sign with. */
export interface KnownSecret {
  readonly id: string;
  /** A tenant's id, or `*` for every tenant. */
  readonly tenant: string;
  /** `whsec_` and the base64 of 24 to 64 bytes. */
  readonly secret: string;
}

/** Who has signed, as far as access decides by it. */
export interface Sender {
  /** The secret's id, for the record. */
  readonly id: string;
  /** The one tenant that it speaks for, or `*`. */
  readonly tenant: string;
  readonly bytes: Uint8Array;
}

/** Decides by the signature of a message who has sent it. */
export class Senders {
  readonly #senders: readonly Sender[];

  constructor(secrets: readonly KnownSecret[]) {
    this.#senders = secrets.flatMap(({ id, tenant, secret }) => {
      const bytes = secretBytes(secret);
      return bytes ? [{ id, tenant, bytes }] : [];
    });
  }

  /** Whether somebody has signed the message who may send to `tenant`; a secret of the tenant's own before one of all. */
  async verify(
    headers: Headers,
    body: Uint8Array,
    tenant: string,
    now: number,
  ): Promise<SignatureVerdict<Sender>> {
    const of = (name: string): readonly Sender[] =>
      this.#senders.filter((sender) => sender.tenant === name);
    const candidates = tenant === '*' ? of('*') : [...of(tenant), ...of('*')];
    return verifySignature(headers, body, candidates, now);
  }
}
