import { EventFault } from './event-fault.ts';

/** The most targets that one event may name, by all of its rules, however often it names the same one. A URL or host is two: one for each scheme. */
export const MAX_TARGETS_PER_EVENT = 100;

/** The most characters of what one event names. */
const MAX_CHARACTERS_PER_EVENT = 65_536;

/** What one event may still name: counted before anything is made of it, so that too much costs no more than a little. */
export class Allowance {
  #targets = MAX_TARGETS_PER_EVENT;
  #characters = MAX_CHARACTERS_PER_EVENT;

  /** Throws {@link EventFault} for what is too much. */
  take(targets: number, characters: number): void {
    this.#targets -= targets;
    if (this.#targets < 0)
      throw new EventFault(`The event names more than ${MAX_TARGETS_PER_EVENT} targets.`);
    this.#characters -= characters;
    if (this.#characters < 0)
      throw new EventFault(
        `The event names targets of more than ${MAX_CHARACTERS_PER_EVENT} characters together.`,
      );
  }
}
