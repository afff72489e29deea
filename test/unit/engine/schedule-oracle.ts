import { hits } from '../../../src/coherence/marks.ts';
import type { CacheKey } from '../../../src/tenant/key.ts';
import type { Target } from '../../../src/tenant/target.ts';
import { acme, keys } from './world.ts';

/** The keys of a schedule, and the tags that their values have. */
export const KEYS = ['n:a:1', 'n:a:2', 'n:b'].map((name) => keys.key(acme, name));
export const TAGS = new Map(KEYS.map(({ key }, at) => [key, [['t', 'u'], ['t'], ['u']][at] ?? []]));
/** A purge or a set that was acknowledged. */
interface Cut {
  /** Its place in the authority's own order. */
  readonly at: number;
  readonly hard: boolean;
  readonly targets: ReadonlySet<Target>;
  readonly isolate: number;
  readonly acknowledgedAt: number;
}

/** What was made and what was purged, in the order in which the authority has carried it out. */
export class Oracle {
  readonly violations: string[] = [];
  readonly cuts: Cut[] = [];
  readonly #made: number[] = [];
  newest = 0;

  /** A value; `at` is the newest purge or set that its making could know of. */
  make(at = this.newest): string {
    return String(this.#made.push(at) - 1);
  }

  wasSet(text: string, at: number): void {
    this.#made[Number(text)] = at;
  }

  /** What an isolate must know that is asked now. */
  due(isolate: number, now: number, coherenceMs: number): readonly Cut[] {
    return this.cuts.filter(
      (cut) => cut.isolate === isolate || now >= cut.acknowledgedAt + coherenceMs,
    );
  }

  /** @param stale true for what was, or may have been, served as stale: a soft purge allows it */
  served(how: string, { key }: CacheKey, text: unknown, due: readonly Cut[], stale: boolean): void {
    if (typeof text !== 'string') return;
    const at = this.#made[Number(text)] ?? Number.NaN;
    const subject = { key, tags: TAGS.get(key) ?? [] };
    const cut = due.find(
      (one) => one.at > at && (one.hard || !stale) && hits(one.targets, subject),
    );
    if (cut) this.violations.push(`${how} of ${key} served what ${[...cut.targets].join()} hit`);
  }
}
