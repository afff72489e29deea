import { setTimeout as sleep } from 'node:timers/promises';
import { startBundledGateway } from '../launcher/bundled-gateway.ts';
import { undoAll, type Undo } from '../launcher/undo.ts';
import { digestOf } from './content.ts';
import { download } from './download.ts';
import { FootprintFailed } from './failure.ts';
import { idleMemory, watchMemory } from './memory.ts';
import { type BodyOrigin, startBodyOrigin } from './origin.ts';

/** How the body is framed: with Content-Length, or chunked and without. */
export const FORMS = ['length', 'chunked'] as const;
export type Form = (typeof FORMS)[number];

/** `fast`: as fast as it comes, to the end. `slow`: at 1 MB/s, and goes away after a time. */
export const READERS = ['fast', 'slow'] as const;
export type Reader = (typeof READERS)[number];

export interface MeasureOptions {
  /** Of the body. */
  readonly bytes: number;
  /** How long the slow reader reads. */
  readonly slowSeconds: number;
  /** Default: all. */
  readonly forms?: readonly Form[];
  readonly readers?: readonly Reader[];
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** One body through the gateway. Memory is that of the whole workerd process, in bytes. */
export interface Measured {
  readonly form: Form;
  readonly reader: Reader;
  readonly status: number;
  readonly cacheStatus: string | undefined;
  readonly idle: number;
  readonly peak: number;
  readonly above: number;
  /** Whether the peak is the kernel's own. Otherwise the most of the samples. */
  readonly exact: boolean;
  readonly samples: number;
  /** The client's first byte after the origin's; undefined when none came. */
  readonly firstByteMs: number | undefined;
  /** What the client got. */
  readonly received: number;
  /** What the origin made. */
  readonly made: number;
  /** What came is what was made: all of it for the fast reader, the beginning of it for the slow one. */
  readonly same: boolean;
  readonly seconds: number;
}

const SLOW_RATE = 1_000_000;
const WARM_REQUESTS = 20;
const WARM_BYTES = 10_000;
const SETTLE_MS = 500;

/** Measures every form and reader, each in a process of its own. Throws {@link FootprintFailed} when one can't be. */
export async function measureFootprint(options: MeasureOptions): Promise<Measured[]> {
  const { forms = FORMS, readers = READERS, signal, onProgress } = options;
  const measured: Measured[] = [];
  for (const reader of readers) {
    for (const form of forms) {
      if (signal.aborted) throw new FootprintFailed('The run was interrupted.');
      onProgress(`${form}, ${reader} reader`);
      measured.push(await measureOne(form, reader, options));
    }
  }
  return measured;
}

async function measureOne(
  form: Form,
  reader: Reader,
  { bytes, slowSeconds, signal }: MeasureOptions,
): Promise<Measured> {
  const undo: Undo[] = [];
  try {
    const origin = await startBodyOrigin();
    undo.push(() => origin.stop());
    const gateway = await startBundledGateway({ origin: origin.url });
    undo.push(() => gateway.stop());
    await warm(gateway.url, signal);
    const pid = gateway.pid();
    const idle = await idleMemory(pid);
    const path = `/${form}/${bytes}/body`;
    const memory = watchMemory(pid);
    const reading = reader === 'slow' ? { rate: SLOW_RATE, forMs: slowSeconds * 1000 } : {};
    const got = await download(gateway.url + path, reading, signal);
    const { peak, exact, samples } = memory.stop();
    if (gateway.pid() !== pid)
      throw new FootprintFailed('workerd ended under the body, and another one was started.');
    const made = await origin.made(path);
    return {
      form,
      reader,
      status: got.status,
      cacheStatus: got.cacheStatus,
      idle,
      peak,
      above: Math.max(0, peak - idle),
      exact,
      samples,
      firstByteMs: await firstByteMs(origin, path, got.firstByteAt),
      received: got.bytes,
      made: made.bytes,
      same:
        reader === 'slow'
          ? got.bytes > 0 && got.sha256 === digestOf(got.bytes)
          : got.complete && made.all && got.bytes === bytes && got.sha256 === made.sha256,
      seconds: got.ms / 1000,
    };
  } finally {
    await undoAll(undo);
  }
}

/** So that what is loaded and compiled once is part of what is idle. */
async function warm(url: string, signal: AbortSignal): Promise<void> {
  for (let at = 0; at < WARM_REQUESTS; at += 1) {
    for (const form of FORMS) {
      const { status } = await download(`${url}/${form}/${WARM_BYTES}/warm-${at}`, {}, signal);
      if (status !== 200)
        throw new FootprintFailed(`The gateway answers ${status} for a body of 10 kB.`);
    }
  }
  await sleep(SETTLE_MS);
}

async function firstByteMs(
  origin: BodyOrigin,
  path: string,
  at: bigint | undefined,
): Promise<number | undefined> {
  return at === undefined ? undefined : Number(at - (await origin.firstByteAt(path))) / 1e6;
}
