import { TENANT_TARGET, type PurgeMode, type Target } from '../tenant/target.ts';

/** The most targets of one message, and their bytes: as many as a ledger keeps, and past that it raises its floor, which ends everything all the same. */
const MAX_TARGETS = 2000;
const MAX_TARGET_BYTES = 128 * MAX_TARGETS;

/** What is to be marked for a message. */
export interface MessageTargets {
  readonly hard: readonly Target[];
  readonly soft: readonly Target[];
  /** The targets were too many: the whole tenant is marked in their place. */
  readonly coarsened: boolean;
}

/**
 * The targets of a message's events that have succeeded, as long as they are worth being told apart. Once they are too many,
 * those of their mode are not kept any more: the whole tenant is marked in their place.
 */
export class GatheredTargets {
  readonly #hard = new Targets();
  readonly #soft = new Targets();

  /** Adds what an event names. There is no way back: only once nothing can fail the event any more. */
  add(mode: PurgeMode, targets: Iterable<Target>): void {
    const of = mode === 'hard' ? this.#hard : this.#soft;
    for (const target of targets) of.add(target);
  }

  /** What is to be marked. */
  marks(): MessageTargets {
    const [hard, soft] = [this.#hard, this.#soft];
    if (hard.namesTenant) return { hard: [TENANT_TARGET], soft: [], coarsened: false };
    if (hard.isTooMuch) return { hard: [TENANT_TARGET], soft: [], coarsened: true };
    const named = [...hard.kept];
    if (soft.namesTenant) return { hard: named, soft: [TENANT_TARGET], coarsened: false };
    const others = [...soft.kept].filter((target) => !hard.kept.has(target));
    const together = new Targets();
    for (const target of [...named, ...others]) together.add(target);
    if (soft.isTooMuch || together.isTooMuch)
      return { hard: named, soft: [TENANT_TARGET], coarsened: true };
    return { hard: named, soft: others, coarsened: false };
  }
}

/** Targets of one mode, each once, up to the most that a message may have. */
class Targets {
  readonly kept = new Set<Target>();
  isTooMuch = false;
  namesTenant = false;
  #bytes = 0;

  add(target: Target): void {
    if (target === TENANT_TARGET) this.namesTenant = true;
    if (this.isTooMuch || this.kept.has(target)) return;
    this.kept.add(target);
    this.#bytes += encoder.encode(target).length;
    if (this.kept.size > MAX_TARGETS || this.#bytes > MAX_TARGET_BYTES) {
      this.isTooMuch = true;
      this.kept.clear();
    }
  }
}

const encoder = new TextEncoder();
