/** What a process holds after a collection, in bytes. */
export interface Heap {
  /** Objects, strings and code of the isolate. */
  readonly used: number;
  /** What array buffers hold, outside of the heap. */
  readonly buffers: number;
}

/** The isolate of a process, by the protocol of Chrome's inspector. */
export interface Inspector {
  /** Collects garbage until nothing more is freed, then measures. */
  measure(): Promise<Heap>;
  close(): void;
}

interface Answer {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/**
 * Connects to the Worker `name` behind an inspector.
 * @param nudge sends the Worker a request: a collection is a task of its isolate's loop, which turns for requests only
 */
export async function inspect(
  inspector: URL,
  name: string,
  nudge: () => Promise<unknown>,
): Promise<Inspector> {
  const listed = await fetch(new URL('/json', inspector.href.replace(/^ws/, 'http')));
  const targets = (await listed.json()) as readonly { id: string; webSocketDebuggerUrl: string }[];
  const target = targets.find(({ id }) => id.includes(name)) ?? targets[0];
  if (target === undefined) throw new Error('The inspector lists no Worker.');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error('The inspector refused.')), {
      once: true,
    });
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  const send = async (method: string): Promise<Readonly<Record<string, unknown>>> => {
    lastId += 1;
    const id = lastId;
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method }));
    });
    waiting.delete(id);
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result ?? {};
  };
  const usage = async (): Promise<Heap> => {
    const collecting = send('HeapProfiler.collectGarbage');
    while (waiting.size > 0) await nudge();
    await collecting;
    const { usedSize, backingStorageSize } = await send('Runtime.getHeapUsage');
    if (typeof usedSize !== 'number' || typeof backingStorageSize !== 'number')
      throw new Error('The inspector does not say how much array buffers hold.');
    return { used: usedSize, buffers: backingStorageSize };
  };
  await send('HeapProfiler.enable');
  return {
    async measure() {
      let heap = await usage();
      for (let attempt = 0; attempt < 10; attempt += 1) {
        const next = await usage();
        const freed = heap.used + heap.buffers - next.used - next.buffers;
        heap = next;
        if (Math.abs(freed) < 16_384) break;
      }
      return heap;
    },
    close: () => socket.close(),
  };
}
