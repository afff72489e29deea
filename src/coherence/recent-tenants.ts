import type { TenantId } from '../tenant/tenant-id.ts';
import { within } from './bound.ts';

/** As many as anybody wants to know of. */
const MAX_COUNTED = 64;

/** How many tenants an isolate serves at a time: those of the present window, or of the one before it. */
export class RecentTenants {
  readonly #windowMs: number;
  #startedAt = Number.NEGATIVE_INFINITY;
  #before = 0;
  readonly #present = new Set<TenantId>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(tenant: TenantId, now: number): void {
    // Somebody tells very late what does not count any more.
    if (now <= this.#startedAt - this.#windowMs) return;
    this.#roll(now);
    if (this.#present.size < MAX_COUNTED) this.#present.add(tenant);
  }

  /** At most 64. */
  count(now: number): number {
    this.#roll(now);
    return Math.max(this.#before, this.#present.size);
  }

  #roll(now: number): void {
    const passed = now - this.#startedAt;
    // Somebody may tell late what was a moment ago.
    if (within(passed, this.#windowMs)) return;
    this.#before = passed >= 0 && passed < 2 * this.#windowMs ? this.#present.size : 0;
    this.#present.clear();
    this.#startedAt = now;
  }
}
