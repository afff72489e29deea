import { AuthorityUnavailable } from '../../errors.ts';
import { isTarget } from '../../tenant/target.ts';
import type {
  CommitOutcome,
  LedgerReply,
  Mark,
  SupersedeOutcome,
  TouchOutcome,
} from '../authority.ts';

const EPOCH = /^e:([0-9a-f]{32}):[0-9a-f]*:([0-9]+):([0-9]+)$/;

/**
 * Reads `ZRANGE ... WITHSCORES` of a ledger: a flat list of members and scores. Undefined when the ledger is missing.
 * A reply without the epoch's member, or with anything else that no script writes, is out of protocol.
 */
export function parseLedger(range: unknown, since: number): LedgerReply | undefined {
  if (!Array.isArray(range)) throw outOfProtocol('the ledger is no list');
  if (range.length === 0) return undefined;
  const rows: readonly unknown[] = range;
  const marks: Mark[] = [];
  let epoch: { id: string; floor: number; keyFloor: number } | undefined;
  for (let at = 0; at < rows.length; at += 2) {
    const member = rows[at];
    const score = rows[at + 1];
    if (typeof member !== 'string' || (typeof score !== 'string' && typeof score !== 'number'))
      throw outOfProtocol('a row of the ledger');
    const match = EPOCH.exec(member);
    if (match) {
      if (epoch) throw outOfProtocol('a ledger of two epochs');
      epoch = { id: match[1] ?? '', floor: Number(match[2]), keyFloor: Number(match[3]) };
      continue;
    }
    const target = member.slice(2);
    const seq = Number(score);
    if (!/^[hs]:/.test(member) || !isTarget(target) || !Number.isSafeInteger(seq))
      throw outOfProtocol('a mark of the ledger');
    marks.push({ target, mode: member.startsWith('h') ? 'hard' : 'soft', seq });
  }
  if (!epoch) throw outOfProtocol('a ledger without an epoch');
  return { since, epoch: epoch.id, floor: epoch.floor, keyFloor: epoch.keyFloor, marks };
}

/** Reads what the confirm and mark scripts answer: `[seq, since, rows]`. */
export function parseAnswer(reply: unknown): { seq: number; ledger: LedgerReply } {
  if (!Array.isArray(reply) || reply.length !== 3) throw outOfProtocol('the answer of a script');
  const parts: readonly unknown[] = reply;
  const [seq, since, rows] = parts;
  const ledger = parseLedger(rows, Number(since));
  if (!ledger || !Number.isSafeInteger(Number(seq)) || !Number.isSafeInteger(Number(since)))
    throw outOfProtocol('the answer of a script');
  return { seq: Number(seq), ledger };
}

/** A ledger that can't be read is as good as none: the primary is asked, which makes a new one where it has to. */
export function readableLedger(range: unknown, since: number): LedgerReply | undefined {
  try {
    return parseLedger(range, since);
  } catch (error) {
    if (error instanceof AuthorityUnavailable) return undefined;
    throw error;
  }
}

const COMMITTED: ReadonlySet<unknown> = new Set<CommitOutcome>([
  'stored',
  'epoch',
  'floor',
  'purged',
  'newer',
  'fenced',
]);
const TOUCHED: ReadonlySet<unknown> = new Set<TouchOutcome>([
  'stored',
  'epoch',
  'floor',
  'purged',
  'absent',
  'changed',
]);

/** What the scripts answer that only look at the ledger: it is missing, or of another process of Redis. */
export type Unopened = 'unopened';

/** Reads what the commit script answers. */
export function parseCommitOutcome(reply: unknown): CommitOutcome | Unopened {
  if (reply === 'unopened') return reply;
  if (!isCommitOutcome(reply)) throw outOfProtocol('the outcome of a commit');
  return reply;
}

/** Reads what the touch script answers. */
export function parseTouchOutcome(reply: unknown): TouchOutcome | Unopened {
  if (reply === 'unopened') return reply;
  if (!isTouchOutcome(reply)) throw outOfProtocol('the outcome of a touch');
  return reply;
}

/** Reads what the supersede script answers: `['superseded']` or `['stored', epoch, seq]`. */
export function parseSupersedeOutcome(reply: unknown): SupersedeOutcome {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const [outcome, epoch, seq] = parts;
  if (outcome === 'superseded') return { stored: false, reason: 'superseded' };
  if (outcome !== 'stored' || typeof epoch !== 'string' || !/^\d+$/.test(String(seq)))
    throw outOfProtocol('the outcome of a value that supersedes');
  return { stored: true, stamp: { epoch, asOf: Number(seq) } };
}

function isCommitOutcome(reply: unknown): reply is CommitOutcome {
  return COMMITTED.has(reply);
}

function isTouchOutcome(reply: unknown): reply is TouchOutcome {
  return TOUCHED.has(reply);
}

/** An answer that the protocol does not have. */
export function outOfProtocol(what: string): AuthorityUnavailable {
  return new AuthorityUnavailable(`Redis answered out of protocol: ${what}.`);
}
