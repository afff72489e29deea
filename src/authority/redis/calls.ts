import type { Entry, EntryDraft } from '../../codec/entry.ts';
import { CLEAR_HEADER_LENGTH } from '../../codec/stamp.ts';
import { segmentPrefixes, type CacheKey, type KeySpace } from '../../tenant/key.ts';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  unlinkedBy,
  type PurgeMode,
  type Target,
} from '../../tenant/target.ts';
import type { TenantId } from '../../tenant/tenant-id.ts';
import type { Cursor, Once, Retention, Supersession } from '../authority.ts';
import type { ScriptCall } from './script.ts';

/** What the authority needs of the platform. */
export interface Source {
  now(): number;
  randomId(): string;
}

export interface ScriptCallOptions {
  readonly keys: KeySpace;
  readonly retention: Retention;
  readonly source: Source;
}

/** What each script of ./scripts.ts is called with: every key that it touches, and its arguments in their order. */
export class ScriptCalls {
  /** Name of the heads. */
  readonly heads: string;
  readonly #keys: KeySpace;
  readonly #retention: readonly [string, string, string];
  readonly #source: Source;

  constructor({ keys, retention, source }: ScriptCallOptions) {
    this.heads = keys.heads;
    this.#keys = keys;
    this.#retention = [
      String(retention.entriesMs * 1000),
      String(retention.copiesMs * 1000),
      String(retention.cap),
    ];
    this.#source = source;
  }

  /** Name of a tenant's ledger. */
  ledger(tenant: TenantId): string {
    return this.#keys.record(tenant, 'ledger');
  }

  /** Name of the lease of a key. */
  lease(key: CacheKey): string {
    return this.#keys.record(key.tenant, `lease:${key.key}`);
  }

  confirm(tenant: TenantId, cursor: Cursor | undefined): ScriptCall {
    return {
      keys: [this.ledger(tenant), this.heads],
      args: [this.#source.randomId(), ...cursorArgs(cursor)],
    };
  }

  mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
    once?: Once,
  ): ScriptCall {
    const unlinked = unlinkedBy(targets, mode).map((key) => this.#keys.key(tenant, key).name);
    const record = once ? [this.#keys.record(tenant, `once:${once.id}`)] : [];
    return {
      keys: [this.ledger(tenant), this.heads, ...record, ...unlinked],
      args: [
        this.#source.randomId(),
        ...cursorArgs(cursor),
        ...this.#retention,
        String(once ? Math.max(1, Math.ceil(once.ttlMs)) : 0),
        mode === 'hard' ? 'h:' : 's:',
        ...targets,
      ],
    };
  }

  /** @param token of the lease under which the entry was loaded */
  commit(key: CacheKey, entry: Entry, text: string, token: string | undefined): ScriptCall {
    const call = this.#store(key, entry, text);
    if (token === undefined) return call;
    return { ...call, keys: [...call.keys, this.lease(key)], args: [...call.args, token] };
  }

  /** @param stands how the text begins that is to stand there still */
  touch(key: CacheKey, entry: Entry, text: string, stands: string): ScriptCall {
    const call = this.#store(key, entry, text);
    return { ...call, args: [...call.args, stands] };
  }

  /** @param text of the entry under any stamp: the script writes the clear header with the seq that it issues */
  supersede({ key, draft, knownAs, unlessMarked }: Supersession, text: string): ScriptCall {
    return {
      entry: key.name,
      keys: [this.ledger(key.tenant), this.heads, key.name],
      args: [
        this.#source.randomId(),
        knownAs.epoch,
        String(knownAs.asOf),
        ...this.#retention,
        `h:${keyTarget(key.key)}`,
        this.#lifetime(draft),
        text.slice(CLEAR_HEADER_LENGTH),
        TENANT_TARGET,
        ...draft.tags.map(tagTarget),
        ...segmentPrefixes(key.key).map(prefixTarget),
        ...(unlessMarked ? [keyTarget(key.key)] : []),
      ],
    };
  }

  #store(key: CacheKey, entry: Entry, text: string): ScriptCall {
    const { epoch, asOf } = entry.stamp;
    return {
      entry: key.name,
      keys: [this.ledger(key.tenant), key.name],
      args: [epoch, String(asOf), `h:${keyTarget(key.key)}`, this.#lifetime(entry), text],
    };
  }

  /** Redis refuses a lifetime of zero; an entry that is over by now lives a millisecond. */
  #lifetime(entry: EntryDraft): string {
    return String(Math.max(1, Math.ceil(entry.expiresAt - this.#source.now())));
  }
}

function cursorArgs(cursor: Cursor | undefined): [string, string] {
  return cursor ? [cursor.epoch, String(cursor.seen)] : ['', '0'];
}
