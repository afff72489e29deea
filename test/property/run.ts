import type { Scheduler } from 'fast-check';
import { AuthorityUnavailable, LoadFailed, LoadTimeout, OutcomeUnknown } from '../../src/errors.ts';
import type { Target } from '../../src/tenant/target.ts';
import type { Copy } from '../../src/tiers/tier.ts';
import { Life, MAX_UNVERIFIED_MS, type Surroundings } from './isolate.ts';
import { Oracle } from './oracle.ts';
import { Player } from './player.ts';
import { KEYS, TENANTS, type Act, type Plan, type Step } from './plan.ts';
import { RedisModel } from './redis-model.ts';
import { Stage } from './stage.ts';

const HOUR_MS = 3_600_000;
/** Whoever waits longer for an act goes on: nothing of a request whose client is gone settles. */
const PATIENCE_MS = 12_000;
const LIMIT_MS = 120_000;
/** The connection is cut for so long: longer than copies may be served unverified, and shorter. */
const CUTS_MS = [200, 1500, 1500, 6000];

/** What a run has come to. */
export interface Outcome {
  readonly violations: readonly string[];
  /** How often what happened: acts, faults, hits by tier and the rest. */
  readonly tally: ReadonlyMap<string, number>;
}

/** Carries a plan out, with what arrives when decided by the scheduler. */
export async function carryOut(plan: Plan, scheduler: Scheduler): Promise<Outcome> {
  const tally = new Map<string, number>();
  const state = { requests: 0, cutUntil: 0, calm: false };
  // What everybody looks at in the end shows nothing of what was played.
  const count = (what: string): void =>
    state.calm ? undefined : void tally.set(what, (tally.get(what) ?? 0) + 1);
  const stage = new Stage(scheduler, plan.paces);
  const oracle = new Oracle();
  const { coherenceMs, viewBytes, lagMs, cap, keepMs } = plan;
  const redis = new RedisModel({
    stage,
    retention: { entriesMs: keepMs, copiesMs: keepMs, cap },
    maxHeads: plan.maxHeads,
    tellsProcess: plan.tellsProcess,
    onCreated: (tenant, epoch, event) => oracle.created(tenant, epoch, event, stage.now()),
    onRolledBack: (from, to) => oracle.rolledBack(from, to),
  });

  let drawn = 0;
  const chance = (): number => {
    drawn += 1;
    return (plan.chances[drawn % plan.chances.length] ?? 0) / 1000;
  };
  const mishaps = new Map(plan.mishaps);
  const around: Surroundings = {
    stage,
    redis,
    oracle,
    coherenceMs,
    viewBytes,
    knowsAtOnce: lagMs === 0,
    mishap: (isWrite) => {
      state.requests += 1;
      if (state.calm) return undefined;
      if (isWrite && plan.lateWrites && chance() < 0.5) return 'late';
      return stage.now() < state.cutUntil ? 'lost' : mishaps.get(state.requests);
    },
    lag: () => {
      const drawnLag = (): number => (lagMs === 0 || state.calm ? 0 : Math.floor(chance() * lagMs));
      const heads = drawnLag();
      return { entries: drawnLag(), heads, own: Math.min(heads, drawnLag()), ledger: drawnLag() };
    },
    chance,
    count,
    markedAt: new WeakMap<readonly Target[], number>(),
  };
  const bounds = {
    verifiedMs: coherenceMs + lagMs,
    unverifiedMs: MAX_UNVERIFIED_MS + lagMs,
  };
  const player = new Player(plan, around, bounds);

  const colos: Map<string, Copy>[] = [];
  const start = (at: number, life: number): Life => {
    const nth = Math.floor(at / Math.max(1, plan.shared));
    const colo = plan.shared === 0 ? undefined : (colos[nth] ??= new Map<string, Copy>());
    return new Life(`i${at}.${life}`, around, colo, (plan.skews[at] ?? 0) * HOUR_MS);
  };
  const lives = Array.from({ length: plan.isolates }, (_, at) => start(at, 0));
  let started = 0;

  const perform = async (step: Step): Promise<void> => {
    count(`act ${step.does}`);
    const at = step.isolate % lives.length;
    const life = lives[at];
    const tenant = TENANTS[step.tenant];
    if (!life || !tenant) return;
    const hours = step.isolate % 2 === 0 ? -1 : 0;
    const faults: Partial<Record<Act, () => void>> = {
      crash: () => {
        life.end();
        started += 1;
        lives[at] = start(at, started);
      },
      clock: () => life.setClock((plan.skews[step.wait % plan.skews.length] ?? 0) * HOUR_MS),
      cut: () => (state.cutUntil = stage.now() + (CUTS_MS[step.isolate] ?? 0)),
      flush: () => {
        redis.flush();
        redis.moveOver(hours * HOUR_MS);
      },
      evictLedger: () => redis.evictLedger(tenant),
      evictHeads: () => redis.evictHeads(),
      moveOver: () => redis.moveOver(hours * HOUR_MS),
      rollBack: () => redis.rollBack(1 + step.wait, hours * HOUR_MS),
    };
    const fault = faults[step.does];
    if (fault) {
      await stage.arrive(`${step.does} ${life.name} ${tenant}`);
      fault();
      return;
    }
    const patience = new AbortController();
    const act = player.perform(life, step).catch((error: unknown) => {
      if (!isExpected(error)) throw error;
      count(`failed ${step.does}`);
    });
    await Promise.race([act, life.gone, stage.sleep(PATIENCE_MS, patience.signal)]);
    patience.abort();
  };
  const caller = async (steps: readonly Step[]): Promise<void> => {
    for (const step of steps) {
      if (step.wait > 3) await stage.sleep(step.wait);
      else for (let n = 0; n < step.wait; n += 1) await stage.arrive('a caller');
      await perform(plan.focused ? { ...step, tenant: 0, key: 0 } : step);
    }
  };
  const errors: unknown[] = [];
  const play = async (work: readonly Promise<void>[], limitMs: number): Promise<void> => {
    const all = work.map((one) => one.catch((error: unknown) => void errors.push(error)));
    await stage.play(Promise.all(all), limitMs);
  };

  const reading = {
    target: '*',
    mode: 'hard',
    wait: 0,
    loadMs: 0,
    source: 'answers',
  } as const;
  const inAll = (does: Act, tenants: readonly number[], keys: number): Promise<void>[] =>
    lives.flatMap((_, isolate) =>
      tenants.flatMap((tenant) =>
        KEYS.slice(0, keys).map((_key, key) => perform({ ...reading, does, isolate, tenant, key })),
      ),
    );
  const warm = [...TENANTS.keys()].slice(0, plan.warm);
  const named = plan.callers.flat().map(({ tenant }) => tenant);
  const sweeps = plan.callers.flat().some(({ does }) => does === 'sweep');
  const used = sweeps
    ? [...TENANTS.keys()]
    : [...new Set([...warm, ...(plan.focused ? [0] : named)])];
  await play(inAll('obtain', warm, 1), LIMIT_MS);
  await play(plan.callers.map(caller), LIMIT_MS);

  // Whatever was on its way has arrived, and every bound is past; then everybody looks once more, newcomers too.
  state.calm = true;
  await stage.pass(MAX_UNVERIFIED_MS + coherenceMs + lagMs + 5000);
  stage.calm = true;
  lives.push(start(0, started + 1), new Life('newcomer', around, undefined, 0));
  for (const [at, life] of lives.entries())
    life.setClock(at < plan.isolates ? (plan.skews[at] ?? 0) * HOUR_MS : 0);
  for (let round = 0; round < 2; round += 1) {
    await play(inAll('look', used, KEYS.length), LIMIT_MS);
    await stage.pass(coherenceMs + lagMs + 1);
  }
  if (errors.length > 0) throw errors[0];
  return { violations: oracle.violations, tally };
}

/** What a caller may be told when requests fail. */
function isExpected(error: unknown): boolean {
  return [AuthorityUnavailable, OutcomeUnknown, LoadFailed, LoadTimeout].some(
    (kind) => error instanceof kind,
  );
}
