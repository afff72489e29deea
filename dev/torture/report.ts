import type { FaultKind } from './fault-plan.ts';
import type { Violation } from './oracle.ts';
import type { Propagation } from './propagation.ts';
import type { HappenedFault, Tally } from './tally.ts';

/** Milliseconds; `undefined` where nothing was measured. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
}

/** What a run found, as it is written to the file. Times in milliseconds, those of events from the beginning of the run. */
export interface TortureReport {
  readonly violations: number;
  readonly purges: number;
  readonly reads: number;
  readonly unverifiedReads: number;
  /** By tier. */
  readonly hits: Readonly<Record<string, number>>;
  /** By kind. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** From the acknowledgement of a purge to the beginning of the first read of a process that brought something newer. */
  readonly propagationMs: Percentiles & {
    /** What the 99th percentile may be at most. */
    readonly limit: number;
  };
  /** The same where a fault hit Redis or the process, or had a moment before. */
  readonly propagationUnderFaultsMs: Percentiles;
  /** The same for the process that acknowledged the purge. */
  readonly propagationToSelfMs: Percentiles;
  readonly propagationUnfinished: number;
  /** The latest that a verified read of what was purged began, after the purge was acknowledged. */
  readonly lastOldMs: number;
  readonly how: string;
  readonly run: RunFacts;
  readonly mutant:
    | { readonly name: string; readonly caughtAfterMs: number | undefined }
    | undefined;
  readonly violationsByKind: Readonly<Record<string, number>>;
  readonly hitShares: Readonly<Record<string, number>>;
  readonly servings: Readonly<Record<string, number>>;
  readonly failedReads: Readonly<Record<string, number>>;
  readonly emptyReads: number;
  readonly purgesByTarget: Readonly<Record<string, number>>;
  readonly purgeAttemptsFailed: Readonly<Record<string, number>>;
  readonly purgesAbandoned: number;
  readonly writes: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<string, number>>;
  readonly episodes: Readonly<Record<string, number>>;
  readonly episodesAborted: Readonly<Record<string, number>>;
  readonly origin: {
    readonly loads: number;
    readonly notModified: number;
    readonly failed: number;
  };
  readonly faultLog: readonly HappenedFault[];
  /** Of propagation without faults, to others: milliseconds, ascending. */
  readonly propagationSamples: readonly number[];
  readonly violationDetails: readonly ToldViolation[];
}

/** The first violations, with what had happened to what they are of. Their own times are of the run's clock. */
export type ToldViolation = Violation & {
  /** When the read began, from the beginning of the run. */
  readonly atMs: number;
  readonly trail: readonly string[];
};

export interface RunFacts {
  readonly seconds: number;
  /** How long it really was. */
  readonly ranForMs: number;
  readonly processes: number;
  readonly seed: number;
  readonly faults: readonly FaultKind[];
  readonly coherenceMs: number;
  readonly maxUnverifiedMs: number;
  readonly redis: string;
  readonly startedAt: string;
}

/** What the 99th percentile may take beyond the bound, on loopback. */
const LOOPBACK_MS = 100;

const HOW = [
  'One clock, that of the process which drives the run. A violation is a read that began more than coherenceMs (and 2 ms for',
  'clocks that count milliseconds) after a purge, write or delete was acknowledged and brought a value whose load its origin had',
  'received before that purge began, unless the reader was told that Redis does not answer. The isolate that acknowledged it has',
  'no such time. Propagation: something that every process holds is purged, and each process reads it every 20 ms; what counts is',
  'when the first read began that brought something newer. The seed decides what is planned; when things meet is up to the machine.',
].join(' ');

/** Puts together what was counted. */
export function makeReport(found: {
  readonly tally: Tally;
  readonly run: RunFacts;
  readonly faults: readonly HappenedFault[];
  readonly propagation: readonly Propagation[];
  readonly propagationUnfinished: number;
  readonly lastOldMs: number;
  /** What the run's clock showed when it began. */
  readonly clockAtStart: number;
  readonly origin: TortureReport['origin'];
  readonly mutant: TortureReport['mutant'];
}): TortureReport {
  const { tally, run, faults, propagation } = found;
  const hits = { memory: 0, regional: 0, redis: 0, ...tally.hits.toObject() };
  const allHits = total(hits);
  const samples = (test: (one: Propagation) => boolean): number[] =>
    propagation
      .filter(test)
      .map(({ ms }) => round(ms))
      .toSorted((one, other) => one - other);
  const others = samples(({ own, faulty }) => !own && !faulty);
  return {
    violations: tally.violations,
    purges: total(tally.purges.toObject()),
    reads: tally.reads,
    unverifiedReads: tally.unverifiedReads,
    hits,
    faults: countsOf(faults, run.faults),
    propagationMs: { ...percentiles(others), limit: run.coherenceMs + LOOPBACK_MS },
    propagationUnderFaultsMs: percentiles(samples(({ own, faulty }) => !own && faulty)),
    propagationToSelfMs: percentiles(samples(({ own }) => own)),
    propagationUnfinished: found.propagationUnfinished,
    lastOldMs: round(found.lastOldMs),
    how: HOW,
    run,
    mutant: found.mutant,
    violationsByKind: tally.violationKinds.toObject(),
    hitShares: Object.fromEntries(
      Object.entries(hits).map(([tier, count]) => [tier, allHits === 0 ? 0 : count / allHits]),
    ),
    servings: tally.servings.toObject(),
    failedReads: tally.failedReads.toObject(),
    emptyReads: tally.emptyReads,
    purgesByTarget: tally.purges.toObject(),
    purgeAttemptsFailed: tally.purgeAttemptsFailed.toObject(),
    purgesAbandoned: tally.purgesAbandoned,
    writes: tally.writes.toObject(),
    operations: tally.operations.toObject(),
    episodes: tally.episodes.toObject(),
    episodesAborted: tally.episodesAborted.toObject(),
    origin: found.origin,
    faultLog: faults.map((fault) => ({
      ...fault,
      fromMs: round(fault.fromMs),
      toMs: round(fault.toMs),
    })),
    propagationSamples: others,
    violationDetails: tally.kept.map((violation) => ({
      ...violation,
      atMs: round(violation.read.begunAt - found.clockAtStart),
    })),
  };
}

/** By nearest rank, of an ascending list. */
export function percentiles(ascending: readonly number[]): Percentiles {
  const rank = (share: number): number | undefined =>
    ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)];
  return {
    count: ascending.length,
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
    max: ascending.at(-1),
  };
}

/** The few lines that a person reads at the end. */
export function summary(report: TortureReport): string {
  const { propagationMs: to, propagationUnderFaultsMs: faulty, run } = report;
  const share = (tier: string): string => `${Math.round((report.hitShares[tier] ?? 0) * 100)} %`;
  const list = (counts: Readonly<Record<string, number | undefined>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none';
  const lines = [
    ['Violations', `${report.violations} (${list(report.violationsByKind)})`],
    ['Reads', `${report.reads}, of these ${report.unverifiedReads} flagged as unverified`],
    [
      'Hits',
      `memory ${report.hits['memory']} (${share('memory')}), regional ${report.hits['regional']} (${share('regional')}), redis ${report.hits['redis']} (${share('redis')})`,
    ],
    ['Purges', `${report.purges} acknowledged, ${report.purgesAbandoned} given up`],
    ['Faults', list(report.faults)],
    [
      'Propagation',
      `${distribution(to)}; bound ${run.coherenceMs} ms, limit of p99 ${to.limit} ms`,
    ],
    ['  under faults', distribution(faulty)],
    ['Last old read', `${report.lastOldMs} ms after the acknowledgement`],
    ['Episodes', list(report.episodes)],
    [
      'Run',
      `${Math.round(run.ranForMs / 1000)} s, ${run.processes} processes, seed ${run.seed}, ${run.redis}`,
    ],
  ];
  return lines.map(([name = '', text]) => `${name.padEnd(16)}${text}`).join('\n');
}

function countsOf(
  faults: readonly HappenedFault[],
  asked: readonly FaultKind[],
): Partial<Record<FaultKind, number>> {
  return Object.fromEntries(
    asked.map((kind) => [kind, faults.filter((fault) => fault.kind === kind).length]),
  );
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function distribution({ count, p50, p95, p99, max }: Percentiles): string {
  if (count === 0) return 'nothing measured';
  return `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, max ${max} ms of ${count}`;
}
