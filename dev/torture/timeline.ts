/** Something that ended what was loaded before it: a purge, a write, a delete; acknowledged. Times in milliseconds of one clock. */
export interface Ending {
  readonly what: string;
  readonly begunAt: number;
  readonly ackedAt: number;
}

/** What ended one target, in the order of the acknowledgements. */
export class Timeline {
  readonly #endings: Ending[] = [];
  /** The latest beginning up to each of them: it never falls, so that it can be searched. */
  readonly #latest: number[] = [];

  /** Acknowledged not before those that are there. */
  add(ending: Ending): void {
    this.#latest.push(Math.max(this.#latest.at(-1) ?? -Infinity, ending.begunAt));
    this.#endings.push(ending);
  }

  /** Of all that began after a load, the one that was acknowledged first. */
  firstAfter(loadedAt: number): Ending | undefined {
    let low = 0;
    let high = this.#latest.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#latest[middle] ?? Infinity) > loadedAt) high = middle;
      else low = middle + 1;
    }
    return this.#endings[low];
  }
}

/** Timelines by name, made when they are first needed. */
export class Timelines {
  readonly #byName = new Map<string, Timeline>();

  add(name: string, ending: Ending): void {
    let timeline = this.#byName.get(name);
    if (!timeline) {
      timeline = new Timeline();
      this.#byName.set(name, timeline);
    }
    timeline.add(ending);
  }

  /** Of all under these names that began after a load, the one that was acknowledged first. */
  firstAfter(names: readonly string[], loadedAt: number): Ending | undefined {
    let first: Ending | undefined;
    for (const name of names) {
      const found = this.#byName.get(name)?.firstAfter(loadedAt);
      if (found && (!first || found.ackedAt < first.ackedAt)) first = found;
    }
    return first;
  }
}
