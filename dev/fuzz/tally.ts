import { fieldValues } from './answer.ts';
import { tenantsOf, type Finding, type Invariant } from './checks.ts';
import type { RawRequest } from './request.ts';
import { TENANTS } from './tenants.ts';
import type { Outcome } from './wire.ts';

/** Counts by name. */
export type Counts = Readonly<Record<string, number>>;

export interface TallyReport {
  /** Everything that was sent, clean requests included. */
  readonly sent: number;
  readonly methods: Counts;
  /** By status; or what came in place of an answer. */
  readonly statuses: Counts;
  readonly tenants: Counts;
  /** What the gateway says that it did, by the parameters of `Cache-Status`. */
  readonly cache: Counts;
  readonly violationCount: number;
  readonly violationsByInvariant: Partial<Record<Invariant, number>>;
}

/** Counts what is sent, what comes, and what is wrong with it. */
export class Tally {
  violations = 0;
  readonly #byInvariant = new Map<Invariant, number>();
  readonly #counts = {
    methods: new Map<string, number>(),
    statuses: new Map<string, number>(),
    tenants: new Map<string, number>(),
    cache: new Map<string, number>(),
  };
  #sent = 0;

  outcome(request: RawRequest, outcome: Outcome): void {
    const { methods, statuses, tenants, cache } = this.#counts;
    this.#sent += 1;
    count(methods, /^[A-Z-]+$/.test(request.method) ? request.method : 'other');
    const named = tenantsOf(request, TENANTS);
    count(
      tenants,
      named.length === 1 ? (named[0]?.id ?? 'none') : named.length === 0 ? 'none' : 'several',
    );
    if (outcome.kind !== 'answer') {
      count(statuses, outcome.kind);
      return;
    }
    count(statuses, String(outcome.answer.status));
    const status = fieldValues(outcome.answer, 'cache-status').join(', ');
    for (const what of ['hit', 'stored', 'collapsed'])
      if (new RegExp(`Tiercel;(?:.*;)? ${what}(?:;|$)`).test(status)) count(cache, what);
    const forward = /Tiercel; fwd=([\w-]+)/.exec(status)?.[1];
    if (forward !== undefined) count(cache, `fwd=${forward}`);
    const detail = /; detail="?([\w-]+)/.exec(status)?.[1];
    if (detail !== undefined) count(cache, `detail=${detail}`);
  }

  violation({ invariant }: Finding): void {
    this.violations += 1;
    count(this.#byInvariant, invariant);
  }

  report(): TallyReport {
    const { methods, statuses, tenants, cache } = this.#counts;
    return {
      sent: this.#sent,
      methods: sorted(methods),
      statuses: sorted(statuses),
      tenants: sorted(tenants),
      cache: sorted(cache),
      violationCount: this.violations,
      violationsByInvariant: Object.fromEntries(this.#byInvariant),
    };
  }
}

function count<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): Counts {
  return Object.fromEntries([...counts].toSorted(([, one], [, other]) => other - one));
}
