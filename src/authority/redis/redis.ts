import type { Entry, EntryDraft } from '../../codec/entry.ts';
import { decodeFrame, encodeFrame } from '../../codec/frame.ts';
import { frameToText, textToFrame } from '../../codec/frame-text.ts';
import { CLEAR_HEADER_LENGTH, type Stamp } from '../../codec/stamp.ts';
import { AuthorityUnavailable, InvalidFrame, OutcomeUnknown } from '../../errors.ts';
import { frameInvalid, type Sink } from '../../telemetry/events.ts';
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
  LedgerReply,
  MarkReply,
  ReadReply,
  Retention,
  SupersedeOutcome,
} from '../authority.ts';
import { Script, type RedisClient } from './client.ts';
import { outOfProtocol, parseAnswer, parseLedger } from './reply.ts';
import { COMMIT, CONFIRM, MARK, RELEASE, SUPERSEDE } from './scripts.ts';

const scripts = {
  confirm: new Script(CONFIRM),
  mark: new Script(MARK),
  commit: new Script(COMMIT),
  supersede: new Script(SUPERSEDE),
  release: new Script(RELEASE),
};

const OUTCOMES: ReadonlySet<unknown> = new Set<CommitOutcome>([
  'stored',
  'epoch',
  'floor',
  'purged',
  'newer',
]);

/** What the authority needs of the platform. */
interface Source {
  now(): number;
  randomId(): string;
}

export interface RedisAuthorityOptions {
  readonly client: RedisClient;
  readonly keys: KeySpace;
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
  readonly #retention: readonly [string, string, string];
  readonly #source: Source;
  readonly #sink: Sink;

  constructor({ client, keys, retention, source, sink }: RedisAuthorityOptions) {
    this.#client = client;
    this.#keys = keys;
    this.#retention = [
      String(retention.entriesMs * 1000),
      String(retention.copiesMs * 1000),
      String(retention.cap),
    ];
    this.#source = source;
    this.#sink = sink;
  }

  async read(tenant: TenantId, keys: readonly CacheKey[], since: number): Promise<ReadReply> {
    const names = keys.map((key) => key.name);
    const { values, range } = await this.#client.readWithRange(names, this.#ledger(tenant), since);
    return {
      entries: keys.map((key, at) => this.#decode(key, values[at])),
      ledger: readable(range, since),
    };
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
    const unlinked = unlinkedBy(targets, mode).map((key) => this.#keys.key(tenant, key).name);
    const reply = await this.#client.run(
      scripts.mark,
      [this.#ledger(tenant), ...unlinked],
      [
        this.#source.randomId(),
        ...cursorArgs(cursor),
        ...this.#retention,
        mode === 'hard' ? 'h:' : 's:',
        ...targets,
      ],
    );
    return parseAnswer(reply);
  }

  async commit(key: CacheKey, entry: Entry): Promise<CommitOutcome> {
    const reply = await this.#client.run(
      scripts.commit,
      [this.#ledger(key.tenant), key.name],
      [
        this.#source.randomId(),
        entry.stamp.epoch,
        String(entry.stamp.asOf),
        `h:${keyTarget(key.key)}`,
        this.#lifetime(entry),
        frameToText(encodeFrame(key.fullName, entry)),
      ],
    );
    if (!isCommitOutcome(reply)) throw outOfProtocol('the outcome of a commit');
    return reply;
  }

  async supersede(key: CacheKey, draft: EntryDraft, knownAs: Stamp): Promise<SupersedeOutcome> {
    const blocking = [
      TENANT_TARGET,
      ...draft.tags.map(tagTarget),
      ...segmentPrefixes(key.key).map(prefixTarget),
    ];
    // The script writes the clear header with the seq that it issues; the one encoded here is cut off.
    const frame = frameToText(encodeFrame(key.fullName, { ...draft, stamp: knownAs })).slice(
      CLEAR_HEADER_LENGTH,
    );
    let reply: unknown;
    try {
      reply = await this.#client.run(
        scripts.supersede,
        [this.#ledger(key.tenant), key.name],
        [
          this.#source.randomId(),
          knownAs.epoch,
          String(knownAs.asOf),
          ...this.#retention,
          `h:${keyTarget(key.key)}`,
          this.#lifetime(draft),
          frame,
          ...blocking,
        ],
      );
    } catch (cause) {
      if (!(cause instanceof AuthorityUnavailable)) throw cause;
      throw new OutcomeUnknown(
        'The value may or may not have been stored: the reply of Redis was lost.',
        { key: key.fullName, cause },
      );
    }
    const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
    const [outcome, epoch, seq] = parts;
    if (outcome === 'superseded') return { stored: false, reason: 'superseded' };
    if (outcome !== 'stored' || typeof epoch !== 'string' || !Number.isSafeInteger(Number(seq))) {
      throw new OutcomeUnknown('Redis answered out of protocol when a value was stored.', {
        key: key.fullName,
      });
    }
    return { stored: true, stamp: { epoch, asOf: Number(seq) } };
  }

  lease(key: CacheKey, token: string, ttlMs: number): Promise<boolean> {
    return this.#client.setIfAbsent(this.#lease(key), token, ttlMs);
  }

  async release(key: CacheKey, token: string): Promise<void> {
    await this.#client.run(scripts.release, [this.#lease(key)], [token]);
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

  #decode(key: CacheKey, value: unknown): Entry | undefined {
    if (typeof value !== 'string') return undefined;
    try {
      const entry = decodeFrame(key.fullName, textToFrame(value));
      return entry.expiresAt > this.#source.now() ? entry : undefined;
    } catch (error) {
      if (!(error instanceof InvalidFrame)) throw error;
      this.#sink(frameInvalid(key.tenant, this.name, error.fault));
      return undefined;
    }
  }
}

function cursorArgs(cursor: Cursor | undefined): [string, string] {
  return cursor ? [cursor.epoch, String(cursor.seen)] : ['', '0'];
}

function isCommitOutcome(reply: unknown): reply is CommitOutcome {
  return OUTCOMES.has(reply);
}

/** A ledger that can't be read is as good as none: the primary is asked, which makes a new one where it has to. */
function readable(range: unknown, since: number): LedgerReply | undefined {
  try {
    return parseLedger(range, since);
  } catch (error) {
    if (error instanceof AuthorityUnavailable) return undefined;
    throw error;
  }
}
