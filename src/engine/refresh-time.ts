import type { Entry } from '../codec/entry.ts';
import type { Runtime } from '../runtime.ts';

/** Beyond so many load times before the end the chance is below one in two thousand million: not worth a logarithm on every hit. */
const NEGLIGIBLE = 21.5;

/**
 * Whether a fresh entry is to be refreshed already, so that of many readers one is early and none finds it stale.
 * XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015, figure 2):
 * refreshed once `now - loadMs * beta * ln(random) >= freshUntil`.
 *
 * @param beta above 1 refreshes earlier, below 1 later; 0 never
 * @param chance drawn from only when it can matter
 */
export function isDueEarly(
  entry: Entry,
  beta: number,
  now: number,
  chance: Pick<Runtime, 'random'>,
): boolean {
  if (!canBeDueEarly(entry, beta, now)) return false;
  return -entry.loadMs * beta * Math.log(1 - chance.random()) >= entry.freshUntil - now;
}

/** False for an entry that is so far from its end that there is no need to draw. */
export function canBeDueEarly(entry: Entry, beta: number, now: number): boolean {
  const reach = entry.loadMs * beta;
  return reach > 0 && entry.freshUntil - now <= reach * NEGLIGIBLE;
}
