import type { LedgerReply, Retention } from '../../../src/authority/authority.ts';
import { Ledger } from '../../../src/authority/ledger.ts';
import { View } from '../../../src/coherence/view.ts';
import type { PurgeMode, Target } from '../../../src/tenant/target.ts';

/** One thing that happens. `pick` chooses among what is there: a request under way, a point of the past. */
export type Step =
  | { readonly do: 'mark'; readonly targets: readonly Target[]; readonly mode: PurgeMode }
  | { readonly do: 'poll' | 'confirm' }
  | { readonly do: 'own'; readonly targets: readonly Target[]; readonly mode: PurgeMode }
  | { readonly do: 'process' | 'processByReplica' | 'deliver' | 'rollBack'; readonly pick: number }
  /** A poll and, where its answer is doubtful, what the primary says: sent, processed and delivered at once. */
  | { readonly do: 'exchange' }
  /** Another process takes over with an empty ledger, its clock `behind` by so many milliseconds. */
  | { readonly do: 'rotate'; readonly behind: number }
  /** The view has to fit into so many bytes. */
  | { readonly do: 'compact'; readonly bytes: number }
  | { readonly do: 'lose' | 'forget' };

interface Request {
  readonly kind: 'poll' | 'confirm' | 'own';
  readonly cursor: { readonly epoch: string; readonly seen: number } | undefined;
  readonly since: number;
  readonly sentAt: number;
  readonly order: number;
  readonly targets: readonly Target[];
  readonly mode: PurgeMode;
  /** Undefined until the authority has processed it. */
  answer: { readonly ledger: LedgerReply | undefined } | undefined;
}

/** A ledger's life, so that any moment of it can be played again. */
interface Life {
  readonly epoch: string;
  readonly createdAt: number;
  readonly marks: {
    readonly targets: readonly Target[];
    readonly mode: PurgeMode;
    readonly at: number;
  }[];
}

/** A purge that was acknowledged. */
export interface Acknowledged {
  readonly epoch: string;
  /** How many ledgers there were before its own. */
  readonly age: number;
  readonly seq: number;
  readonly at: number;
}

export interface Delivery {
  readonly outcome: 'absorbed' | 'doubtful';
  readonly request: Request;
  readonly ledger: LedgerReply | undefined;
}

/**
 * One ledger, one isolate's view of it, and the network between them: requests are sent, processed and delivered in any
 * order. Every step takes a millisecond, so no two marks of different steps share a seq, also not across a roll-back.
 */
export class World {
  view = new View();
  readonly acknowledged: Acknowledged[] = [];
  readonly #retention: Retention;
  #life: Life | undefined;
  #pending: Request[] = [];
  #now = 1_000_000;
  #order = 0;
  #behind = 0;
  readonly #epochs: string[] = [];

  constructor(retention: Retention) {
    this.#retention = retention;
  }

  /** The real ledger; undefined when it is lost. */
  get ledger(): Ledger | undefined {
    return this.#life && this.#replay(this.#life, this.#life.marks.length);
  }

  /** How many ledgers were made before the one with this epoch. */
  ageOf(epoch: string): number {
    return this.#epochs.indexOf(epoch);
  }

  /** Takes a step; answers what was delivered by it. */
  take(step: Step): Delivery | undefined {
    this.#now += 1;
    if (step.do === 'deliver') return this.#deliver(step.pick);
    if (step.do === 'exchange') return this.#exchange();
    switch (step.do) {
      case 'mark':
        this.#mark(step.targets, step.mode, undefined);
        break;
      case 'poll':
      case 'confirm':
        this.#send(step.do, [], 'hard');
        break;
      case 'own':
        this.#send('own', step.targets, step.mode);
        break;
      case 'process':
        this.#process(step.pick, false);
        break;
      case 'processByReplica':
        this.#process(step.pick, true);
        break;
      case 'rollBack':
        this.#rollBack(step.pick);
        break;
      case 'lose':
        this.#life = undefined;
        break;
      case 'rotate':
        this.#create(step.behind);
        break;
      case 'compact':
        this.view.compact(step.bytes);
        break;
      case 'forget':
        this.view = new View();
        break;
    }
    return undefined;
  }

  #send(kind: Request['kind'], targets: readonly Target[], mode: PurgeMode): void {
    this.#order += 1;
    this.#pending.push({
      kind,
      cursor: this.view.cursor,
      since: this.view.seen,
      sentAt: this.#now,
      order: this.#order,
      targets,
      mode,
      answer: undefined,
    });
  }

  #exchange(): Delivery | undefined {
    const others = this.#pending;
    this.#pending = [];
    let delivery: Delivery | undefined;
    for (const kind of ['poll', 'confirm'] as const) {
      this.#now += 1;
      this.#send(kind, [], 'hard');
      this.#process(0, false);
      delivery = this.#deliver(0);
      if (delivery?.outcome === 'absorbed') break;
    }
    this.#pending = others;
    return delivery;
  }

  #process(pick: number, byReplica: boolean): void {
    const waiting = this.#pending.filter((request) => request.answer === undefined);
    const request = waiting[pick % Math.max(1, waiting.length)];
    if (!request) return;
    if (request.kind === 'poll') {
      const life = this.#life;
      const behind = life && byReplica ? pick % (life.marks.length + 1) : 0;
      const seen = life && this.#replay(life, life.marks.length - behind);
      request.answer = { ledger: seen?.reply(request.since) };
    } else if (request.kind === 'confirm') {
      request.answer = { ledger: this.#open(request.cursor).replyTo(request.cursor) };
    } else {
      this.#mark(request.targets, request.mode, request.cursor);
      request.answer = { ledger: this.ledger?.replyTo(request.cursor) };
    }
  }

  #deliver(pick: number): Delivery | undefined {
    const answered = this.#pending.filter((request) => request.answer !== undefined);
    const request = answered[pick % Math.max(1, answered.length)];
    if (!request?.answer) return undefined;
    this.#pending = this.#pending.filter((other) => other !== request);
    const { ledger } = request.answer;
    const { sentAt, order } = request;
    if (request.kind === 'poll' || !ledger)
      return { request, ledger, outcome: this.view.absorbPoll(ledger, sentAt, order) };
    return { request, ledger, outcome: this.view.absorbConfirmed(ledger, sentAt, order) };
  }

  #mark(targets: readonly Target[], mode: PurgeMode, cursor: Request['cursor']): void {
    this.#open(cursor);
    const life = this.#life;
    if (!life || targets.length === 0) return;
    life.marks.push({ targets, mode, at: this.#micros() });
    // One seq a target, in order: the last is the newest of the ledger.
    const last = Math.max(0, ...(this.ledger?.reply(0).marks ?? []).map((mark) => mark.seq));
    const { epoch } = life;
    this.acknowledged.push({ epoch, age: this.ageOf(epoch), seq: last, at: this.#now });
  }

  #open(cursor: Request['cursor']): Ledger {
    const ledger = this.ledger;
    if (ledger && !(cursor && ledger.isBehind(cursor))) return ledger;
    return this.#create();
  }

  #create(behind = 0): Ledger {
    const epoch = this.#epochs.length.toString(16).padStart(32, '0');
    this.#epochs.push(epoch);
    this.#behind = behind;
    this.#life = { epoch, createdAt: this.#micros(), marks: [] };
    return this.#replay(this.#life, 0);
  }

  #rollBack(pick: number): void {
    const life = this.#life;
    if (!life) return;
    life.marks.length = pick % (life.marks.length + 1);
  }

  /** The clock of the process that has the ledger. */
  #micros(): number {
    return (this.#now - this.#behind) * 1000;
  }

  #replay(life: Life, upTo: number): Ledger {
    const ledger = new Ledger(life.epoch, life.createdAt);
    for (const { targets, mode, at } of life.marks.slice(0, upTo))
      ledger.mark(targets, mode, at, this.#retention);
    return ledger;
  }
}
