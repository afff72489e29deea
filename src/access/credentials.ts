/** What a credential is, as far as access decides by it. */
export interface KnownCredential {
  readonly id: string;
  readonly sha256: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
}

/** `allowed`, with the credential's id for the record; or why not. */
export type Access =
  | { readonly allowed: true; readonly id: string }
  | { readonly allowed: false; readonly reason: 'unauthenticated' | 'forbidden' };

const encoder = new TextEncoder();

/** Decides by `Authorization: Bearer`. The token itself is nowhere stored: its digest is compared, in constant time, with all of them. */
export class Credentials {
  readonly #credentials: readonly {
    readonly digest: Uint8Array;
    readonly known: KnownCredential;
  }[];

  constructor(credentials: readonly KnownCredential[]) {
    this.#credentials = credentials.map((known) => ({
      digest: Uint8Array.fromHex(known.sha256),
      known,
    }));
  }

  /** Whether the request's token may use `scope` on `tenant`. */
  async authorize(authorization: string | null, tenant: string, scope: string): Promise<Access> {
    const token = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return { allowed: false, reason: 'unauthenticated' };
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(token)));
    let found: KnownCredential | undefined;
    for (const { digest: candidate, known } of this.#credentials) {
      // No early end: the time must not tell which one matched.
      if (crypto.subtle.timingSafeEqual(digest, candidate)) found = known;
    }
    if (!found) return { allowed: false, reason: 'unauthenticated' };
    const permitted =
      (found.tenant === '*' || found.tenant === tenant) && found.scopes.includes(scope);
    return permitted ? { allowed: true, id: found.id } : { allowed: false, reason: 'forbidden' };
  }
}
