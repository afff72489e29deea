import type { CacheKey } from '../../src/tenant/key.ts';
import type { PurgeMode, Target } from '../../src/tenant/target.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';

/** A value that was made, in true order. */
interface Making {
  readonly text: string;
  readonly tags: readonly string[];
  /** When its load began, or when whoever set it knew what they knew; undefined for a `set` that was not sent yet. */
  began: number | undefined;
  /** When a `set` of it was carried out, and superseded what there was of its key. */
  set: number | undefined;
}

/** A purge, a set or the loss of a ledger: nothing that it hits may be served once that is due. */
interface Cut {
  readonly tenant: TenantId | undefined;
  readonly target: Target;
  readonly mode: PurgeMode;
  /** What began before it is what it hits. */
  readonly event: number;
  /** When it was carried out, if not then: with that it may be rolled back. */
  readonly carriedOut?: number;
  /** True time from which each isolate counts its bound; no more than an own notice where it is undefined. */
  readonly acknowledgedAt: number | undefined;
  /** The life of the isolate that knows of it at once. */
  readonly by: object | undefined;
}

/** What a reader has to know of, by whether what it is served is flagged as unverified. */
export interface Due {
  readonly verified: readonly Cut[];
  readonly unverified: readonly Cut[];
}

/** How old what is served may be, in milliseconds of true time. */
export interface Bounds {
  readonly verifiedMs: number;
  readonly unverifiedMs: number;
}

/** Something that a reader was given. */
export interface Served {
  readonly how: string;
  readonly key: CacheKey;
  /** The entity tag: the number of the making. */
  readonly etag: string | undefined;
  readonly text: unknown;
  /** False for what was served as stale: a soft purge allows it. */
  readonly fresh: boolean;
  readonly flagged: boolean;
}

/**
 * What was made and what was purged, in the order in which it happened. It decides by that order alone, and knows
 * nothing of stamps, views and seqs.
 */
export class Oracle {
  readonly violations: string[] = [];
  readonly #makings: Making[] = [];
  readonly #cuts: Cut[] = [];
  /** What happened in them was rolled back. */
  readonly #lost: { readonly from: number; readonly to: number }[] = [];
  readonly #created = new Map<string, { readonly tenant: TenantId; readonly event: number }>();
  readonly #noticed = new WeakMap<object, Set<string>>();

  /** A load begins, or a `set` whose caller knew then what it knew. Answers its entity tag. */
  make(
    began: number | undefined,
    tags: readonly string[],
    text?: string,
  ): { etag: string; text: string } {
    const number = this.#makings.length;
    const made = { text: text ?? `value ${number}`, tags, began, set: undefined };
    this.#makings.push(made);
    return { etag: `"${number}"`, text: made.text };
  }

  /** A `set` is sent: its caller knows what they know now, unless they have said what they knew before. */
  sent(etag: string | undefined, event: number): void {
    const making = this.#making(etag);
    if (making) making.began ??= event;
  }

  /** A `set` was carried out. */
  wasSet(etag: string | undefined, event: number): void {
    const making = this.#making(etag);
    if (making) making.set = event;
  }

  setAt(etag: string | undefined): number | undefined {
    return this.#making(etag)?.set;
  }

  cut(cut: Cut): void {
    this.#cuts.push(cut);
  }

  /** A ledger was made: from the bound on, nothing that was loaded before it is served. */
  created(tenant: TenantId, epoch: string, event: number, now: number): void {
    this.#created.set(epoch, { tenant, event });
    const loss = { tenant, target: '*', mode: 'hard', event } as const;
    this.cut({ ...loss, acknowledgedAt: now, by: undefined });
  }

  /** The primary has told an isolate which ledger counts. */
  noticed(life: object, epoch: string): void {
    const made = this.#created.get(epoch);
    const known = this.#noticed.get(life) ?? new Set();
    this.#noticed.set(life, known);
    if (!made || known.has(epoch)) return;
    known.add(epoch);
    const loss = { tenant: made.tenant, target: '*', mode: 'hard', event: made.event } as const;
    this.cut({ ...loss, acknowledgedAt: undefined, by: life });
  }

  rolledBack(from: number, to: number): void {
    this.#lost.push({ from, to });
  }

  /** What somebody who asks now in this isolate has to know. */
  due(life: object, now: number, bounds: Bounds): Due {
    const within = (boundMs: number): readonly Cut[] =>
      this.#cuts.filter(({ acknowledgedAt: at, by }) => {
        if (at !== undefined && now >= at + boundMs) return true;
        return by === life;
      });
    return { verified: within(bounds.verifiedMs), unverified: within(bounds.unverifiedMs) };
  }

  served({ how, key, etag, text, fresh, flagged }: Served, due: Due): void {
    const making = this.#making(etag);
    if (!making || making.text !== text) {
      this.violations.push(`${how} of ${key.fullName} served ${String(text)} as ${etag}`);
      return;
    }
    const cut = (flagged ? due.unverified : due.verified).find(
      (one) =>
        (one.mode === 'hard' || fresh) &&
        (one.tenant === undefined || one.tenant === key.tenant) &&
        isHit(one.target, key.key, making.tags) &&
        beganFor(making, one.target) < one.event &&
        !this.#isLost(one),
    );
    if (!cut) return;
    const since = `${cut.mode} ${cut.target} of event ${cut.event}`;
    const what = `${text} (${etag}, begun in event ${beganFor(making, cut.target)})`;
    const shade = `${fresh ? 'fresh' : 'stale'}${flagged ? ', unverified' : ''}`;
    this.violations.push(
      `${how} of ${key.fullName} served ${what} as ${shade} in spite of ${since}`,
    );
  }

  #isLost({ event, carriedOut = event }: Cut): boolean {
    return this.#lost.some(({ from, to }) => carriedOut > from && carriedOut < to);
  }

  #making(etag: string | undefined): Making | undefined {
    return etag === undefined ? undefined : this.#makings[Number(etag.slice(1, -1))];
  }
}

/** A `set` supersedes what was purged of its key before; what it was made from counts for all else. */
function beganFor({ began, set }: Making, target: Target): number {
  return (target.startsWith('k:') ? set : undefined) ?? began ?? Number.POSITIVE_INFINITY;
}

function isHit(target: Target, key: string, tags: readonly string[]): boolean {
  if (target === '*') return true;
  const name = target.slice(2);
  if (target.startsWith('k:')) return key === name;
  if (target.startsWith('t:')) return tags.includes(name);
  return key === name || key.startsWith(`${name}:`);
}
