import { EventFault } from './event-fault.ts';

/** The most targets that one event may name, by all of its rules, however often it names the same one. A URL or host is two: one for each scheme. */
export const MAX_TARGETS_PER_EVENT = 100;

/** The most characters of what one event names. */
const MAX_CHARACTERS_PER_EVENT = 65_536;

/** The most characters that are turned into targets for one message: as many as the largest body has. */
const MAX_CHARACTERS_PER_MESSAGE = 1_048_576;

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

/**
 * What the events of one message may still name together. It bounds work, and so what fails later is counted too; once it
 * is spent, it stays spent.
 */
export class MessageAllowance {
  #characters = MAX_CHARACTERS_PER_MESSAGE;

  /** Counts what is about to be turned into targets. Throws {@link EventFault} once it is too much. */
  take(characters: number): void {
    this.#characters -= characters;
    this.check();
  }

  /** Throws {@link EventFault} when too much has been named already: nothing more is asked of a rule then. */
  check(): void {
    if (this.#characters < 0)
      throw new EventFault(
        `The message names too much, targets of more than ${MAX_CHARACTERS_PER_MESSAGE} characters together; send its events in several messages.`,
      );
  }
}
