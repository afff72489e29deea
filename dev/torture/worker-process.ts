import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Miniflare, type MiniflareOptions } from 'miniflare';
import { guard } from '../redis/guard.ts';
import { HttpClient } from './http-client.ts';

/** What every process is started with. */
export interface WorkerProcessOptions {
  readonly index: number;
  /** Of the Worker; part of what it tells an origin. */
  readonly name: string;
  readonly script: string;
  readonly compatibilityDate: string;
  /** Default: none, as deployed. */
  readonly compatibilityFlags?: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** True: reached with nothing in between. Otherwise through the emulator's own Worker, which compresses what it passes on. */
  readonly direct?: true;
  /** Where what the Cache API keeps is kept. */
  readonly folder: string;
  /** Hears what the Worker and the runtime itself write. Default: nobody does. */
  readonly onLog?: (line: LogLine) => void;
  /** True: the isolate can be reached by the protocol of Chrome's inspector. */
  readonly inspected?: true;
}

/** A line of the log of workerd, of the Worker's console or of the runtime's own. */
export interface LogLine {
  /** As the console's methods are called. */
  readonly level: string;
  readonly message: string;
}

/** A workerd process that can be killed, and comes back under the same port. */
export class WorkerProcess {
  readonly index: number;
  /** How often it was started: one that was killed knows nothing any more of what it acknowledged. */
  incarnation = 0;
  /** False from when it is killed until it answers again. */
  up = false;
  readonly #options: WorkerProcessOptions;
  #port = 0;
  #folder = 0;
  #running: { readonly miniflare: Miniflare; readonly child: ChildProcess } | undefined;
  #client: HttpClient | undefined;
  #stopped = false;
  /** One starts at a time: whose child is whose can't be told otherwise. */
  static #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: WorkerProcessOptions) {
    this.index = options.index;
    this.#options = options;
  }

  static async start(options: WorkerProcessOptions): Promise<WorkerProcess> {
    const made = new WorkerProcess(options);
    await made.#start();
    return made;
  }

  get client(): HttpClient {
    if (!this.#client) throw new Error('The process was not started.');
    return this.#client;
  }

  /** Where it listens on 127.0.0.1. */
  get port(): number {
    return this.#port;
  }

  /** Where its inspector listens. Throws where none was asked for. */
  inspector(): Promise<URL> {
    if (!this.#running || !this.#options.inspected)
      throw new Error('The process has no inspector.');
    return this.#running.miniflare.getInspectorURL();
  }

  /** The process of the system. Throws while there is none. */
  get pid(): number {
    const pid = this.#running?.child.pid;
    if (pid === undefined) throw new Error('The process does not run.');
    return pid;
  }

  /**
   * SIGKILL, and a new one in its place once that has gone.
   * @param forget true: what its Cache API held is gone as well, as in another data centre
   */
  async kill(forget: boolean): Promise<void> {
    const running = this.#running;
    if (!running || this.#stopped) return;
    this.up = false;
    this.#running = undefined;
    const exited = exitOf(running.child);
    running.child.kill('SIGKILL');
    // At once: otherwise the emulator starts another one by itself.
    await running.miniflare.dispose();
    await exited;
    this.incarnation += 1;
    if (forget) this.#folder += 1;
    if (!this.#stopped) await this.#start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.up = false;
    this.#client?.close();
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    const exited = exitOf(running.child);
    await Promise.race([running.miniflare.dispose(), sleep(5000, undefined, { ref: false })]);
    running.child.kill('SIGKILL');
    await exited;
  }

  #start(): Promise<void> {
    const turn = WorkerProcess.#turn.then(() => this.#startNow());
    WorkerProcess.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #startNow(): Promise<void> {
    const { script, compatibilityDate, variables, folder, index, direct, onLog, inspected } =
      this.#options;
    const seen: ChildProcess[] = [];
    const look = (message: unknown): void => {
      const child = (message as { readonly process: ChildProcess }).process;
      seen.push(child);
    };
    subscribe('child_process', look);
    const place = join(folder, `process-${index}-${this.#folder}`);
    if (this.#folder > 0)
      await rm(join(folder, `process-${index}-${this.#folder - 1}`), {
        recursive: true,
        force: true,
      });
    const miniflare = withoutSignals({
      host: '127.0.0.1',
      port: direct ? 0 : this.#port,
      resourcePersistencePath: place,
      handleStructuredLogs: (line) => onLog?.(line),
      ...(inspected && { inspectorPort: 0, inspectorHost: '127.0.0.1' }),
      workers: [
        {
          config: {
            type: 'worker',
            name: this.#options.name,
            compatibilityDate,
            compatibilityFlags: [...(this.#options.compatibilityFlags ?? [])],
            manifest: {
              mainModule: 'worker.js',
              modulesRoot: folder,
              modules: { 'worker.js': { type: 'esm', contents: script } },
            },
            env: Object.fromEntries(
              Object.entries(variables).map(([name, value]) => [name, { type: 'text', value }]),
            ),
          },
          ...(direct && {
            dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: this.#port }] },
          }),
        },
      ],
    });
    try {
      const ready = await miniflare.ready;
      const url = direct ? await miniflare.unsafeGetDirectURL() : ready;
      this.#port = Number(url.port);
    } finally {
      unsubscribe('child_process', look);
    }
    const child = seen.find(({ spawnfile }) => /workerd(?:\.exe)?$/.test(spawnfile ?? ''));
    if (child?.pid === undefined) {
      await miniflare.dispose();
      throw new Error('The process of workerd was not seen to start.');
    }
    child.once('exit', guard(child.pid));
    this.#running = { miniflare, child };
    this.#client ??= new HttpClient(this.#port);
    this.up = true;
  }
}

/** The emulator ends everything at once on Ctrl-C. Here the run does that, in order: its handlers are taken away. */
function withoutSignals(options: MiniflareOptions): Miniflare {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const before = signals.map((signal) => process.listeners(signal));
  const miniflare = new Miniflare(options);
  signals.forEach((signal, at) => {
    for (const listener of process.listeners(signal))
      if (before[at]?.includes(listener) === false) process.off(signal, listener);
  });
  return miniflare;
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => void child.once('exit', () => resolve()));
}
