import type { Entry, EntryDraft } from '../../codec/entry.ts';
import type { FrameCodec } from '../../codec/frame.ts';
import { CLEAR_HEADER_LENGTH } from '../../codec/stamp.ts';
import { AuthorityUnavailable, OutcomeUnknown } from '../../errors.ts';
import type { Sink } from '../../telemetry/events.ts';
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
import type {
  Authority,
  CommitOutcome,
  Cursor,
  LeaseReply,
  LedgerReply,
  MarkReply,
  ReadReply,
  Retention,
  SupersedeOutcome,
  Supersession,
  TouchOutcome,
  Write,
} from '../authority.ts';
import type { Reading, RedisClient } from './client.ts';
import { markEach, tenantsWithLedger } from './everything.ts';
import {
  parseAnswer,
  parseCommitOutcome,
  parseSupersedeOutcome,
  parseTouchOutcome,
  readableLedger,
} from './reply.ts';
import { runAll } from './requests.ts';
import { Script, type ScriptCall } from './script.ts';
import { COMMIT, CONFIRM, MARK, MARK_QUIETLY, RELEASE, SUPERSEDE, TOUCH } from './scripts.ts';
import { StoredEntries } from './stored.ts';

const scripts = {
  confirm: new Script(CONFIRM),
  mark: new Script(MARK),
  markQuietly: new Script(MARK_QUIETLY),
  commit: new Script(COMMIT),
  touch: new Script(TOUCH),
  supersede: new Script(SUPERSEDE),
  release: new Script(RELEASE),
};

/**
 * Characters of a stored text by which a touch knows the frame again: the clear header, and in base64 the flags, the
 * checksum over everything that follows, the metadata's length and its beginning.
 */
const IDENTITY_LENGTH = CLEAR_HEADER_LENGTH + 24;

/** What the authority needs of the platform. */
interface Source {
  now(): number;
  randomId(): string;
}

export interface RedisAuthorityOptions {
  readonly client: RedisClient;
  readonly keys: KeySpace;
  readonly frames: FrameCodec;
  readonly retention: Retention;
  readonly source: Source;
  readonly sink: Sink;
}

/** The authority in Redis, reached over HTTP. Needs the command set of Redis 7.0. */
export class RedisAuthority implements Authority {
  readonly name = 'redis';
  readonly local = false;
  readonly #client: RedisClient;
  readonly #keys: KeySpace;
  readonly #stored: StoredEntries;
  readonly #retention: readonly [string, string, string];
  readonly #source: Source;

  constructor({ client, keys, frames, retention, source, sink }: RedisAuthorityOptions) {
    this.#client = client;
    this.#keys = keys;
    this.#stored = new StoredEntries({ frames, now: () => source.now(), sink, tier: this.name });
    this.#retention = [
      String(retention.entriesMs * 1000),
      String(retention.copiesMs * 1000),
      String(retention.cap),
    ];
    this.#source = source;
  }

  async read(tenant: TenantId, keys: readonly CacheKey[], since: number): Promise<ReadReply> {
    const { entries, ledger } = await this.#read(tenant, keys, since);
    return { entries, ledger };
  }

  async confirm(tenant: TenantId, cursor: Cursor | undefined): Promise<LedgerReply> {
    const reply = await this.#client.run(
      scripts.confirm,
      [this.#ledger(tenant)],
      [this.#source.randomId(), ...cursorArgs(cursor)],
    );
    return parseAnswer(reply).ledger;
  }

  async mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
  ): Promise<MarkReply> {
    const { keys, args } = this.#marking(tenant, targets, mode, cursor);
    return parseAnswer(await this.#client.run(scripts.mark, keys, args));
  }

  /**
   * Needs no mark on a ledger that is made while it looks for them: that one's epoch is new, so nothing from before is
   * valid under it, and what is loaded under it was asked for after this call began.
   */
  async markEverything(mode: PurgeMode): Promise<{ readonly tenants: number }> {
    const tenants = await tenantsWithLedger(this.#client, this.#keys);
    await markEach(this.#client, scripts.markQuietly, tenants, (tenant) =>
      this.#marking(tenant, [TENANT_TARGET], mode, undefined),
    );
    return { tenants: tenants.size };
  }

  async commit(writes: readonly Write[]): Promise<readonly CommitOutcome[]> {
    const calls = await Promise.all(
      writes.map(async ({ key, entry, lease }): Promise<ScriptCall> => {
        const { keys, args } = this.#storing(key, entry, await this.#stored.toText(key, entry));
        return lease === undefined
          ? { keys, args }
          : { keys: [...keys, this.#lease(key)], args: [...args, lease] };
      }),
    );
    const replies = await runAll(this.#client, scripts.commit, calls);
    return replies.map(parseCommitOutcome);
  }

  async supersede(writes: readonly Supersession[]): Promise<readonly SupersedeOutcome[]> {
    const calls = await Promise.all(writes.map((write) => this.#superseding(write)));
    return outcomeOf(writes.length === 1 ? writes[0]?.key : undefined, async () => {
      const replies = await runAll(this.#client, scripts.supersede, calls);
      return replies.map(parseSupersedeOutcome);
    });
  }

  async touch(key: CacheKey, retime: (entry: Entry) => Entry | undefined): Promise<TouchOutcome> {
    const stands = await this.#client.get(key.name);
    const entry = await this.#stored.fromText(key, stands);
    if (!entry || stands === undefined) return 'absent';
    const retimed = retime(entry);
    if (!retimed) return 'refused';
    const kept = { ...retimed, value: entry.value, stamp: entry.stamp };
    const { keys, args } = this.#storing(key, kept, await this.#stored.toText(key, kept));
    const call = { keys, args: [...args, stands.slice(0, IDENTITY_LENGTH)] };
    return outcomeOf(key, async () => {
      const [reply] = await runAll(this.#client, scripts.touch, [call]);
      return parseTouchOutcome(reply);
    });
  }

  async lease(key: CacheKey, token: string, ttlMs: number, since: number): Promise<LeaseReply> {
    return this.#read(key.tenant, [key], since, { name: this.#lease(key), token, ttlMs });
  }

  async release(key: CacheKey, token: string): Promise<void> {
    await this.#client.run(scripts.release, [this.#lease(key)], [token]);
  }

  async #read(
    tenant: TenantId,
    keys: readonly CacheKey[],
    since: number,
    lease?: Reading['lease'],
  ): Promise<LeaseReply> {
    const names = keys.map((key) => key.name);
    const { acquired, values, range } = await this.#client.read({
      names,
      sortedSet: this.#ledger(tenant),
      since,
      ...(lease && { lease }),
    });
    return {
      acquired,
      entries: await Promise.all(keys.map((key, at) => this.#stored.fromText(key, values[at]))),
      ledger: readableLedger(range, since),
    };
  }

  #marking(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
  ): ScriptCall {
    const unlinked = unlinkedBy(targets, mode).map((key) => this.#keys.key(tenant, key).name);
    return {
      keys: [this.#ledger(tenant), ...unlinked],
      args: [
        this.#source.randomId(),
        ...cursorArgs(cursor),
        ...this.#retention,
        mode === 'hard' ? 'h:' : 's:',
        ...targets,
      ],
    };
  }

  async #superseding({ key, draft, knownAs }: Supersession): Promise<ScriptCall> {
    const text = await this.#stored.toText(key, { ...draft, stamp: knownAs });
    return {
      keys: [this.#ledger(key.tenant), key.name],
      args: [
        this.#source.randomId(),
        knownAs.epoch,
        String(knownAs.asOf),
        ...this.#retention,
        `h:${keyTarget(key.key)}`,
        this.#lifetime(draft),
        // The script writes the clear header with the seq that it issues, in place of the one encoded here.
        text.slice(CLEAR_HEADER_LENGTH),
        TENANT_TARGET,
        ...draft.tags.map(tagTarget),
        ...segmentPrefixes(key.key).map(prefixTarget),
      ],
    };
  }

  #storing(key: CacheKey, entry: Entry, text: string): ScriptCall {
    return {
      keys: [this.#ledger(key.tenant), key.name],
      args: [
        this.#source.randomId(),
        entry.stamp.epoch,
        String(entry.stamp.asOf),
        `h:${keyTarget(key.key)}`,
        this.#lifetime(entry),
        text,
      ],
    };
  }

  #ledger(tenant: TenantId): string {
    return this.#keys.record(tenant, 'ledger');
  }

  #lease(key: CacheKey): string {
    return this.#keys.record(key.tenant, `lease:${key.key}`);
  }

  /** Redis refuses a lifetime of zero; an entry that is over by now lives a millisecond. */
  #lifetime(entry: EntryDraft): string {
    return String(Math.max(1, Math.ceil(entry.expiresAt - this.#source.now())));
  }
}

function cursorArgs(cursor: Cursor | undefined): [string, string] {
  return cursor ? [cursor.epoch, String(cursor.seen)] : ['', '0'];
}

/** What a call answers that must not be repeated: when it was not answered, it may have run. */
async function outcomeOf<T>(key: CacheKey | undefined, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!(cause instanceof AuthorityUnavailable)) throw cause;
    throw new OutcomeUnknown(
      'The value may or may not have been stored: the reply of Redis was lost, or out of protocol.',
      { cause, ...(key && { key: key.fullName }) },
    );
  }
}
