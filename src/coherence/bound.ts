/** An age within a bound, on either side of zero: a clock that was set back must not make a view fresh for hours. */
export function within(age: number, bound: number): boolean {
  return Math.abs(age) < bound;
}
