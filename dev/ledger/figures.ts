import type { HeadsCursor } from '../../src/authority/authority.ts';
import { MAX_HEADS } from '../../src/authority/heads.ts';
import { keyTarget, tagTarget, type Target } from '../../src/tenant/target.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import { type Bench, MAX_MARKS, openBench } from './bench.ts';

/** Characters of a mark in the ledger, the two of its mode among them. 128 is the most that marks may have on average. */
const MEMBER_LENGTHS = [40, 128] as const;
const TENANTS = [10, MAX_HEADS] as const;
/** Marks of one script, as many as a purge may name. */
const MARKS_AT_ONCE = 1000;
const SAMPLES = 201;

/** One ledger. Bytes are those of the body of an HTTP answer. */
export interface LedgerFigure {
  readonly marks: number;
  /** Characters of a mark; 0 in an empty ledger. */
  readonly length: number;
  readonly memory: number;
  readonly coldPoll: number;
  readonly steadyPoll: number;
  /** Milliseconds of a purge of one tag: the median, and the most. */
  readonly mark: { readonly median: number; readonly most: number };
}

/** The heads of a number of tenants. */
export interface HeadsFigure {
  readonly tenants: number;
  readonly memory: number;
  /** Nothing has changed since. */
  readonly quiet: number;
  /** Every ledger has. */
  readonly busy: number;
  /** What the ledgers would answer, each asked by itself. */
  readonly each: number;
}

export interface Figures {
  readonly redis: string;
  readonly ledgers: readonly LedgerFigure[];
  readonly heads: readonly HeadsFigure[];
}

/** Measures on a Redis of its own: `embedded`, `auto`, or the URL of an empty one. */
export async function measure(redis: string): Promise<Figures> {
  const ledgers: LedgerFigure[] = [];
  const heads: HeadsFigure[] = [];
  const bench = await openBench(redis);
  try {
    ledgers.push(await measureLedger(bench, 0));
    for (const length of MEMBER_LENGTHS) ledgers.push(await measureLedger(bench, length));
    for (const count of TENANTS) heads.push(await measureHeads(bench, count));
    return { redis: bench.redis, ledgers, heads };
  } finally {
    await bench.close();
  }
}

/** A ledger with as many marks of either kind as are kept. */
async function measureLedger(bench: Bench, length: number): Promise<LedgerFigure> {
  await bench.empty();
  const [tenant] = bench.tenants(1);
  if (tenant === undefined) throw new Error('There is no tenant.');
  await bench.authority.confirm(tenant, undefined);
  if (length > 0) {
    for (const target of [keyTarget, tagTarget])
      for (let from = 0; from < MAX_MARKS; from += MARKS_AT_ONCE)
        await bench.mark(
          tenant,
          Array.from({ length: MARKS_AT_ONCE }, (_, at) => padded(target, from + at, length)),
        );
  }
  const marks = Number(await bench.command('ZCARD', bench.ledger(tenant))) - 1;
  const memory = Number(await bench.command('MEMORY', 'USAGE', bench.ledger(tenant), 'SAMPLES', 0));
  const coldPoll = await bench.bytes(() => bench.authority.read(tenant, [], 0));
  const { seq } = await bench.mark(tenant, [tagTarget('newest')]);
  const steadyPoll = await bench.bytes(() => bench.authority.read(tenant, [], seq));
  const { epoch } = await bench.authority.confirm(tenant, undefined);
  const times: number[] = [];
  let seen = seq;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const target = padded(tagTarget, MAX_MARKS + sample, Math.max(length, 40));
    const from = performance.now();
    const reply = await bench.authority.mark(tenant, [target], 'hard', { epoch, seen });
    times.push(performance.now() - from);
    seen = reply.seq;
  }
  times.sort((a, b) => a - b);
  const mark = { median: times[SAMPLES >> 1] ?? 0, most: times.at(-1) ?? 0 };
  return { marks, length, memory, coldPoll, steadyPoll, mark };
}

/** Heads of as many tenants, whose ledgers are empty. */
async function measureHeads(bench: Bench, count: number): Promise<HeadsFigure> {
  await bench.empty();
  const tenants = bench.tenants(count);
  const [first] = tenants;
  if (first === undefined) throw new Error('There is no tenant.');
  for (const tenant of tenants) await bench.authority.confirm(tenant, undefined);
  const cursor = await headsOf(bench, first, 'newest');
  const { seen } = bench;
  const quiet = await bench.bytes(() => bench.authority.read(first, [], seen(first), cursor));
  let each = 0;
  for (const tenant of tenants)
    each += await bench.bytes(() => bench.authority.read(tenant, [], seen(tenant)));
  for (const tenant of tenants) await bench.mark(tenant, [tagTarget('changed')]);
  const busy = await bench.bytes(() => bench.authority.read(first, [], seen(first), cursor));
  const memory = Number(await bench.command('MEMORY', 'USAGE', bench.heads, 'SAMPLES', 0));
  return { tenants: count, memory, quiet, busy, each };
}

async function headsOf(
  bench: Bench,
  tenant: TenantId,
  asked: HeadsCursor | 'newest',
): Promise<HeadsCursor> {
  const { heads } = await bench.authority.read(tenant, [], 0, asked);
  if (!heads) throw new Error('The authority told nothing of the heads.');
  return { epoch: heads.epoch, seen: heads.seen };
}

/** A target whose mark has so many characters. */
function padded(target: (name: string) => Target, at: number, length: number): Target {
  const room = length - 'h:'.length - target('').length;
  return target(`n:users:${at}-`.padEnd(room, 'x').slice(0, room));
}

/** The tables of docs/operations/ledger.md by the names of their markers. */
export function ledgerTables({ redis, ledgers, heads }: Figures): Record<string, string> {
  const number = (value: number): string => Math.round(value).toLocaleString('en-US');
  return {
    'ledger-sizes': [
      '| Ledger | Memory in Redis | Cold poll | Steady poll | A purge: median, most |',
      '|---|---|---|---|---|',
      ...ledgers.map(({ marks, length, memory, coldPoll, steadyPoll, mark }) => {
        const what = length === 0 ? 'no marks' : `${number(marks)} marks of ${length} characters`;
        const time = `${mark.median.toFixed(1)} ms, ${mark.most.toFixed(1)} ms`;
        return `| ${what} | ${number(memory)} bytes | ${number(coldPoll)} bytes | ${number(steadyPoll)} bytes | ${time} |`;
      }),
      '',
      `Measured on ${redis.split(',', 1)[0]} and its local HTTP endpoint.`,
    ].join('\n'),
    'heads-sizes': [
      '| Tenants | Memory in Redis | Heads poll, nothing changed | Heads poll, all changed | A poll of each ledger instead |',
      '|---|---|---|---|---|',
      ...heads.map(
        ({ tenants, memory, quiet, busy, each }) =>
          `| ${number(tenants)} | ${number(memory)} bytes | ${number(quiet)} bytes | ${number(busy)} bytes | ${number(each)} bytes in ${number(tenants)} requests |`,
      ),
    ].join('\n'),
  };
}
