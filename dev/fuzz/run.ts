import { idleMemory, watchMemory } from '../footprint/memory.ts';
import { canaryOf } from './canary.ts';
import { kindOf } from './cases.ts';
import { cleanPages } from './clean-pages.ts';
import { FuzzFailed } from './failure.ts';
import { attackOf, drawsOf } from './generate.ts';
import type { Rest } from './rest.ts';
import { Session, type Violation } from './session.ts';
import { Tally, type TallyReport } from './tally.ts';
import type { FuzzTarget } from './target.ts';
import { TENANTS } from './tenants.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** How many attacks are under way at a time. */
  readonly sockets: number;
  /** What the isolate may hold after a collection, in MB of a million bytes. */
  readonly heapMb: number;
  /** What the process may hold after a collection, above what it held before the first attack, in MB. */
  readonly residentMb: number;
  /** True: of a bare Worker, only the memory is measured. Default: false. */
  readonly bare?: boolean;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** In bytes. */
export interface FuzzMemory {
  /** Of the process, when nothing has been attacked yet. */
  readonly idle: number;
  /** Of the process, at any moment: with the garbage that the runtime has not thought worth collecting. */
  readonly peak: number;
  /** The most of what was left after any collection. */
  readonly held: Rest;
  /** Each collection, by the number of attacks before it. */
  readonly rests: readonly (Rest & { readonly after: number })[];
}

/** What a run has found. */
export interface FuzzResult extends TallyReport {
  readonly violations: readonly Violation[];
  readonly memory: FuzzMemory;
  readonly originRequests: number;
  readonly seconds: number;
}

/** So many of a kind are kept: what is broken thoroughly is broken often. */
const KEPT = 5;
/** How often it is told how far it is, and garbage is collected. */
const ROUND = 5000;

/** Attacks the target. Throws {@link FuzzFailed} where it does not even serve the clean pages, or is interrupted. */
export async function runFuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { requests, seed, sockets, bare, onProgress, signal } = options;
  const tally = new Tally();
  const violations: Violation[] = [];
  const kinds = new Map<string, number>();
  const onViolation = (violation: Violation): void => {
    if (bare) return;
    tally.violation(violation);
    const kind = kindOf(violation);
    const count = (kinds.get(kind) ?? 0) + 1;
    kinds.set(kind, count);
    if (count <= KEPT) violations.push(violation);
  };
  const session = new Session(target.port, onViolation, (request, outcome) =>
    tally.outcome(request, outcome),
  );
  target.hear((finding) => session.hear(finding));
  try {
    // Twice: what is loaded and compiled once is part of what is idle.
    await session.cleanAll();
    await session.cleanAll();
    const [first] = violations;
    if (first) throw new FuzzFailed(`Before any attack: ${first.invariant}, ${first.detail}`);
    const pid = target.pid();
    const idle = await idleMemory(pid);
    const watch = watchMemory(pid);
    const begun = performance.now();
    let next = 0;
    let upTo = 0;
    const client = async (): Promise<void> => {
      while (next < upTo && !signal.aborted) {
        const number = next;
        next += 1;
        await oneTurn(session, seed, number);
      }
    };
    const rests: (Rest & { readonly after: number })[] = [];
    for (let from = 0; from < requests; from += ROUND) {
      upTo = Math.min(from + ROUND, requests);
      await Promise.all(Array.from({ length: sockets }, client));
      if (signal.aborted) throw new FuzzFailed('The run was interrupted.');
      rests.push({ ...(await target.atRest()), after: next });
      onProgress(`${next} of ${requests} requests, ${tally.violations} violations`);
    }
    const seconds = (performance.now() - begun) / 1000;
    await session.cleanAll();
    const { peak } = watch.stop();
    const held = {
      heap: Math.max(...rests.map(({ heap }) => heap)),
      resident: Math.max(...rests.map(({ resident }) => resident)),
    };
    const memory = { idle, peak, held, rests };
    for (const detail of overBudget(memory, options))
      onViolation({ invariant: 'memory', detail, requests: [] });
    if (target.pid() !== pid)
      onViolation({
        invariant: 'crash',
        detail: 'workerd ended, and another one was started.',
        requests: [],
      });
    return {
      ...tally.report(),
      violations,
      memory,
      originRequests: target.originRequests(),
      seconds,
    };
  } finally {
    target.hear(() => undefined);
    session.close();
  }
}

/** What of the memory is more than is allowed, one sentence each. */
export function overBudget(
  { idle, held: { heap, resident } }: Pick<FuzzMemory, 'idle' | 'held'>,
  { heapMb, residentMb }: Pick<FuzzOptions, 'heapMb' | 'residentMb'>,
): string[] {
  const found: string[] = [];
  const told = (bytes: number): string => (bytes / 1e6).toFixed(1);
  if (heap > heapMb * 1e6)
    found.push(`The isolate holds ${told(heap)} MB after a collection, ${heapMb} MB are allowed.`);
  const above = resident - idle;
  if (above > residentMb * 1e6)
    found.push(
      `The process holds ${told(above)} MB above idle after a collection, ${residentMb} MB are allowed.`,
    );
  return found;
}

/** An attack; sometimes, while it is under way, or behind it, ordinary clients ask for the same page, or for another. */
async function oneTurn(session: Session, seed: number, number: number): Promise<void> {
  const random = drawsOf(seed, number, 'turn');
  const attack = attackOf(seed, number);
  const way = random.weighted({ alone: 75, with: 10, behind: 15 });
  if (way === 'alone') return session.attack(attack);
  const host = attack.lines.join('\n').toLowerCase();
  const tenant = TENANTS.find(({ hosts }) => host.includes(hosts[0])) ?? random.pick(TENANTS);
  const path = attack.target.replaceAll(canaryOf(number), '');
  const pages = cleanPages(tenant);
  const same = pages.find((page) => page.path === path);
  const page = same && random.chance(0.8) ? same : random.pick(pages);
  const method = random.chance(0.1) ? 'HEAD' : 'GET';
  if (way === 'behind') {
    await session.attack(attack);
    return session.clean(tenant, page, method);
  }
  await Promise.all([session.attack(attack), session.clean(tenant, page, method)]);
}
