/** Pseudo-random numbers from a seed (mulberry32): the same seed draws the same numbers in the same order. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 to `below` - 1. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.int(list.length)];
    if (picked === undefined) throw new Error('There is nothing to pick from.');
    return picked;
  }

  /** One of the names, by their weights. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[];
    let left = this.next() * names.reduce((sum, name) => sum + weights[name], 0);
    for (const name of names) {
      left -= weights[name];
      if (left < 0) return name;
    }
    return this.pick(names);
  }

  /** A place in a list of so many, the first ones far more often (Zipf's law). */
  skewed(count: number, exponent: number): number {
    let left = this.next() * harmonic(count, exponent);
    for (let at = 0; at < count; at += 1) {
      left -= (at + 1) ** -exponent;
      if (left < 0) return at;
    }
    return count - 1;
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((item) => ({ item, order: this.next() }))
      .toSorted((one, other) => one.order - other.order)
      .map(({ item }) => item);
  }

  /** A source of its own, so that what one part draws does not change what another one does. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 4_294_967_296));
  }
}

const harmonics = new Map<string, number>();

function harmonic(count: number, exponent: number): number {
  const name = `${count} ${exponent}`;
  let sum = harmonics.get(name);
  if (sum === undefined) {
    sum = Array.from({ length: count }, (_, at) => (at + 1) ** -exponent).reduce(
      (total, weight) => total + weight,
      0,
    );
    harmonics.set(name, sum);
  }
  return sum;
}
