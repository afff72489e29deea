/** What reached the endpoint since the last reset, control requests aside. */
export interface Counts {
  /** HTTP requests, those that were refused or hit by a fault among them. */
  readonly requests: number;
  /** Commands in well-formed requests; the MULTI and EXEC of a transaction are not counted. */
  readonly commands: number;
  /** By upper-case name. */
  readonly byCommand: Readonly<Record<string, number>>;
}

export class Counters {
  #requests = 0;
  readonly #byCommand = new Map<string, number>();

  request(): void {
    this.#requests++;
  }

  commands(names: readonly string[]): void {
    for (const name of names) this.#byCommand.set(name, (this.#byCommand.get(name) ?? 0) + 1);
  }

  read(): Counts {
    const commands = [...this.#byCommand.values()].reduce((sum, count) => sum + count, 0);
    return {
      requests: this.#requests,
      commands,
      byCommand: Object.fromEntries(this.#byCommand),
    };
  }

  reset(): void {
    this.#requests = 0;
    this.#byCommand.clear();
  }
}
