import type { FaultKind } from './fault-plan.ts';
import type { ReadFacts, Violation } from './oracle.ts';

/** Counts by name. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  toObject(): Record<string, number> {
    return Object.fromEntries(
      [...this.#counts].toSorted(([one], [other]) => (one < other ? -1 : 1)),
    );
  }
}

/** A fault as it happened; in milliseconds from the beginning of the run. */
export interface HappenedFault {
  readonly kind: FaultKind;
  readonly fromMs: number;
  readonly toMs: number;
  /** Undefined: it hit all processes. */
  readonly process: number | undefined;
  readonly detail: string;
}

/** So many violations are kept with all that is known of them. */
const KEPT = 50;
const TRAIL = 4000;

/** Everything that a run counts. */
export class Tally {
  reads = 0;
  unverifiedReads = 0;
  emptyReads = 0;
  violations = 0;
  readonly hits = new Counts();
  readonly servings = new Counts();
  readonly failedReads = new Counts();
  readonly operations = new Counts();
  readonly purges = new Counts();
  readonly purgeAttemptsFailed = new Counts();
  purgesAbandoned = 0;
  readonly writes = new Counts();
  readonly episodes = new Counts();
  readonly episodesAborted = new Counts();
  readonly kept: (Violation & { readonly trail: readonly string[] })[] = [];
  readonly violationKinds = new Counts();
  /** What happened last, of any resource; for whoever wants to know how a violation came about. */
  readonly #trail: { readonly about: string; readonly line: string }[] = [];

  read(facts: ReadFacts): void {
    this.reads += 1;
    if (facts.flagged) this.unverifiedReads += 1;
    this.servings.add(facts.serving);
    if (facts.serving === 'hit' && facts.tier !== undefined) this.hits.add(facts.tier);
  }

  violated(violation: Violation): void {
    this.violations += 1;
    this.violationKinds.add(violation.kind);
    if (this.kept.length >= KEPT) return;
    const { resource } = violation.read.subject;
    const tenant = resource.split(':', 1)[0] ?? '';
    const trail = this.#trail
      .filter(({ about }) => about === resource || about === tenant || about === '*')
      .map(({ line }) => line);
    this.kept.push({ ...violation, trail: trail.slice(-60) });
  }

  /** @param about a resource, a tenant, or `*` for all */
  note(about: string, line: string): void {
    this.#trail.push({ about, line: `${Math.round(performance.now())} ${line}` });
    if (this.#trail.length > 2 * TRAIL) this.#trail.splice(0, TRAIL);
  }
}
