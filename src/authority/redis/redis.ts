import type { Entry } from '../../codec/entry.ts';
import type { FrameCodec } from '../../codec/frame.ts';
import { CLEAR_HEADER_LENGTH } from '../../codec/stamp.ts';
import { AuthorityUnavailable, OutcomeUnknown } from '../../errors.ts';
import type { Sink } from '../../telemetry/events.ts';
import type { CacheKey, KeySpace } from '../../tenant/key.ts';
import { TENANT_TARGET, type PurgeMode, type Target } from '../../tenant/target.ts';
import type { TenantId } from '../../tenant/tenant-id.ts';
import type {
  Authority,
  CommitOutcome,
  Cursor,
  Examined,
  HeadsCursor,
  HeadsReply,
  LeaseReply,
  LedgerReply,
  MarkReply,
  Once,
  ReadReply,
  Retention,
  SupersedeOutcome,
  Supersession,
  TouchOutcome,
  Write,
} from '../authority.ts';
import type { Reading, RedisClient } from './client.ts';
import { markEach, tenantsWithLedger } from './everything.ts';
import { RedisExamination } from './examination.ts';
import { headsReading, readableHeads } from './heads.ts';
import {
  parseAnswer,
  parseCommitOutcome,
  parseSupersedeOutcome,
  parseTouchOutcome,
  readableLedger,
} from './reply.ts';
import { runAll } from './requests.ts';
import { ScriptCalls, type Source } from './calls.ts';
import { Script, type ScriptCall } from './script.ts';
import {
  COMMIT,
  CONFIRM,
  FORGET_HEADS,
  MARK,
  MARK_QUIETLY,
  RELEASE,
  SUPERSEDE,
  TOUCH,
} from './scripts.ts';
import { StoredEntries } from './stored.ts';

const scripts = {
  confirm: new Script(CONFIRM),
  forgetHeads: new Script(FORGET_HEADS),
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
  readonly #examination: RedisExamination;
  readonly #calls: ScriptCalls;

  constructor({ client, keys, frames, retention, source, sink }: RedisAuthorityOptions) {
    this.#client = client;
    this.#keys = keys;
    this.#examination = new RedisExamination({
      client,
      keys,
      frames,
      randomId: () => source.randomId(),
    });
    this.#stored = new StoredEntries({ frames, now: () => source.now(), sink, tier: this.name });
    this.#calls = new ScriptCalls({ keys, retention, source });
  }

  async read(
    tenant: TenantId,
    keys: readonly CacheKey[],
    since: number,
    heads?: HeadsCursor | 'newest',
  ): Promise<ReadReply> {
    const { acquired: _, ...reply } = await this.#read(tenant, keys, since, { heads });
    return reply;
  }

  async heads(since: HeadsCursor): Promise<HeadsReply | undefined> {
    const newest = await this.#client.newest(headsReading(this.#calls.heads, since));
    return readableHeads(newest, since);
  }

  async confirm(tenant: TenantId, cursor: Cursor | undefined): Promise<LedgerReply> {
    const { keys, args } = this.#calls.confirm(tenant, cursor);
    return parseAnswer(await this.#client.run(scripts.confirm, keys, args)).ledger;
  }

  async mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
    once?: Once,
  ): Promise<MarkReply> {
    const { keys, args } = this.#calls.mark(tenant, targets, mode, cursor, once);
    const { seq, ledger } = parseAnswer(await this.#client.run(scripts.mark, keys, args));
    return { seq: seq || newestOf(ledger), ledger, repeated: seq === 0 };
  }

  /**
   * Needs no mark on a ledger that is made while it looks for them: that one's epoch is new, so nothing from before is
   * valid under it, and what is loaded under it was asked for after this call began. A ledger that was lost is not found
   * either; the heads of all are forgotten, so that every isolate asks for each of its ledgers, and misses that one.
   */
  async markEverything(mode: PurgeMode): Promise<{ readonly tenants: number }> {
    const tenants = await tenantsWithLedger(this.#client, this.#keys);
    await markEach(this.#client, scripts.markQuietly, tenants, (tenant) =>
      this.#calls.mark(tenant, [TENANT_TARGET], mode, undefined),
    );
    await this.#client.run(scripts.forgetHeads, [this.#calls.heads], []);
    return { tenants: tenants.size };
  }

  async commit(writes: readonly Write[]): Promise<readonly CommitOutcome[]> {
    const calls = await Promise.all(
      writes.map(async ({ key, entry, lease }): Promise<ScriptCall> => {
        return this.#calls.commit(key, entry, await this.#stored.toText(key, entry), lease);
      }),
    );
    const outcomes = (await runAll(this.#client, scripts.commit, calls)).map(parseCommitOutcome);
    return this.#settled(writes[0]?.key.tenant, outcomes);
  }

  async supersede(writes: readonly Supersession[]): Promise<readonly SupersedeOutcome[]> {
    const calls = await Promise.all(
      writes.map(async (write): Promise<ScriptCall> => {
        const text = await this.#stored.toText(write.key, { ...write.draft, stamp: write.knownAs });
        return this.#calls.supersede(write, text);
      }),
    );
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
    const text = await this.#stored.toText(key, kept);
    const call = this.#calls.touch(key, kept, text, stands.slice(0, IDENTITY_LENGTH));
    return outcomeOf(key, async () => {
      const [reply] = await runAll(this.#client, scripts.touch, [call]);
      const [outcome = 'epoch'] = await this.#settled(key.tenant, [parseTouchOutcome(reply)]);
      return outcome;
    });
  }

  async lease(key: CacheKey, token: string, ttlMs: number, since: number): Promise<LeaseReply> {
    return this.#read(key.tenant, [key], since, {
      lease: { name: this.#calls.lease(key), token, ttlMs },
    });
  }

  async release(key: CacheKey, token: string): Promise<void> {
    await this.#client.run(scripts.release, [this.#calls.lease(key)], [token]);
  }

  async examine(keys: readonly CacheKey[]): Promise<readonly Examined[]> {
    return this.#examination.examine(keys);
  }

  async sample(tenant: TenantId, count: number): Promise<readonly string[]> {
    return this.#examination.sample(tenant, count);
  }

  async #read(
    tenant: TenantId,
    keys: readonly CacheKey[],
    since: number,
    { lease, heads }: { lease?: Reading['lease']; heads?: HeadsCursor | 'newest' | undefined },
  ): Promise<LeaseReply> {
    const names = keys.map((key) => key.name);
    const { acquired, values, range, changes } = await this.#client.read({
      names,
      sortedSet: this.#calls.ledger(tenant),
      since,
      ...(lease && { lease }),
      ...(heads && { heads: { ...headsReading(this.#calls.heads, heads), member: tenant } }),
    });
    return {
      acquired,
      entries: await Promise.all(keys.map((key, at) => this.#stored.fromText(key, values[at]))),
      ledger: readableLedger(range, since),
      ...(heads && { heads: readableHeads(changes?.newest, heads, tenant, changes?.own) }),
    };
  }

  /** Opens a ledger that a write has found missing, or of another process: whoever reads next finds it opened. */
  async #settled<Outcome>(
    tenant: TenantId | undefined,
    outcomes: readonly (Outcome | 'unopened')[],
  ): Promise<readonly (Outcome | 'epoch')[]> {
    if (tenant !== undefined && outcomes.includes('unopened'))
      await this.confirm(tenant, undefined).catch(() => undefined);
    return outcomes.map((outcome) => (outcome === 'unopened' ? 'epoch' : outcome));
  }
}

function newestOf({ floor, marks }: LedgerReply): number {
  return Math.max(floor, ...marks.map(({ seq }) => seq));
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
