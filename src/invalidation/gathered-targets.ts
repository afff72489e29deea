import { TENANT_TARGET, type PurgeMode, type Target } from '../tenant/target.ts';

/** The most targets of one message, and their bytes: as many as a ledger keeps, and past that it raises its floor, which ends everything all the same. */
const MAX_TARGETS = 2000;
const MAX_TARGET_BYTES = 128 * MAX_TARGETS;

/** The most characters that are turned into targets for one message, also for events that fail: twice the largest body. */
const MAX_CHARACTERS = 2_097_152;

/** What is to be marked for a message. */
export interface MessageTargets {
  readonly hard: readonly Target[];
  readonly soft: readonly Target[];
  /** The targets were too many: the whole tenant is marked in their place. */
  readonly coarsened: boolean;
}

/**
 * The targets of a message, as long as they are worth being told apart. Once they are too many, those of their mode are not
 * kept any more, nor need they be made: the whole tenant is marked in their place.
 */
export class GatheredTargets {
  readonly #hard = new Targets();
  readonly #soft = new Targets();
  #characters = 0;

  /** Whether targets of this mode change nothing any more. A hard mark ends what a soft one would. */
  isFull(mode: PurgeMode): boolean {
    return this.#hard.isTooMuch || (mode === 'soft' && this.#soft.isTooMuch);
  }

  /** Counts what is about to be turned into targets, whatever becomes of it: too much of it fills this with it. */
  prepare(mode: PurgeMode, characters: number): void {
    this.#characters += characters;
    if (this.#characters > MAX_CHARACTERS) this.fill(mode);
  }

  /** The whole tenant takes the place of what there is, and of what comes. */
  fill(mode: PurgeMode): void {
    (mode === 'hard' ? this.#hard : this.#soft).isTooMuch = true;
  }

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
