import { type Heap, inspect } from './heap.ts';

/** A collection that nobody's request has set off after so long never will be, in milliseconds. */
const PATIENCE_MS = 15_000;

/**
 * Collects garbage in several isolates of one process, and measures each. An emulator runs some of its own beside the Worker:
 * what goes out passes one, and the Cache API is others. What they leave lying about stands in the same resident memory.
 * @param names parts of the names by which the inspector lists them; one that it does not list is left out
 * @param nudge sends a request that passes all of them: an isolate collects when a request turns its loop
 * @returns by the parts of the names
 */
export async function collectIsolates<Name extends string>(
  inspector: URL,
  names: readonly Name[],
  nudge: () => Promise<unknown>,
): Promise<Partial<Record<Name, Heap>>> {
  const listed = await fetch(new URL('/json', inspector.href.replace(/^ws/, 'http')));
  const ids = ((await listed.json()) as readonly { readonly id: string }[]).map(({ id }) => id);
  const heaps: Partial<Record<Name, Heap>> = {};
  for (const name of names) {
    const id = ids.find((one) => one.includes(name));
    if (id === undefined) continue;
    const givesUpAt = performance.now() + PATIENCE_MS;
    const isolate = await inspect(inspector, id, async () => {
      if (performance.now() > givesUpAt)
        throw new Error(`The isolate '${id}' does not collect its garbage.`);
      await nudge();
    });
    try {
      heaps[name] = await isolate.measure();
    } finally {
      isolate.close();
    }
  }
  return heaps;
}
