/**
 * When a value was made, in milliseconds of the run's clock. A value that was loaded began to be so before the origin had
 * the request, so that moment is the latest at which it can have begun. A value that is written counts from when its write
 * was acknowledged: whatever ended before may have come first.
 */
export interface Making {
  readonly resource: string;
  /** Held against purges of its key, deletes and other writes of it. */
  forKey: number;
  /** Held against purges of its tags, its prefixes, its tenant. */
  forOthers: number;
  /** When the origin last had a question whether it still holds, and said so. */
  confirmedAt: number;
  /** A write that was refused: nobody may ever read it. */
  refused: boolean;
}

/** Every value that was ever made, by its number. */
export class LoadBook {
  readonly #makings: Making[] = [];

  /** A load that the origin got now. Answers its number, which travels in the value. */
  loaded(resource: string, at: number): number {
    return this.#add({
      resource,
      forKey: at,
      forOthers: at,
      confirmedAt: at,
      refused: false,
    });
  }

  /** A value that is about to be written: until its outcome is known, nothing is known to have ended it. */
  writing(resource: string): number {
    return this.#add({
      resource,
      forKey: Infinity,
      forOthers: Infinity,
      confirmedAt: Infinity,
      refused: false,
    });
  }

  /** A value that the origin was asked for now, by somebody who took a stamp before and will write it. */
  writingLoaded(resource: string, at: number): number {
    return this.#add({
      resource,
      forKey: Infinity,
      forOthers: at,
      confirmedAt: Infinity,
      refused: false,
    });
  }

  /** A write was acknowledged. */
  written(load: number, at: number): void {
    const making = this.#makings[load];
    if (!making) return;
    making.forKey = Math.min(making.forKey, at);
    making.forOthers = Math.min(making.forOthers, at);
    making.confirmedAt = Math.min(making.confirmedAt, at);
  }

  refused(load: number): void {
    const making = this.#makings[load];
    if (making) making.refused = true;
  }

  /** The origin had a conditional request now and answered that this value still holds. */
  confirmed(load: number, at: number): void {
    const making = this.#makings[load];
    if (making) making.confirmedAt = Math.max(making.confirmedAt, at);
  }

  get(load: number): Making | undefined {
    return this.#makings[load];
  }

  get size(): number {
    return this.#makings.length;
  }

  #add(making: Making): number {
    this.#makings.push(making);
    return this.#makings.length - 1;
  }
}
