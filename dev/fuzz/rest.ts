import { collectIsolates } from '../footprint/isolates.ts';
import { resident } from '../footprint/memory.ts';
import { FuzzFailed } from './failure.ts';
import { TENANTS } from './tenants.ts';
import { Wire } from './wire.ts';

/** What is held when nothing is under way and no garbage is left, in bytes. */
export interface Rest {
  /** By the isolate of the Worker: objects, and what array buffers hold. */
  readonly heap: number;
  /** By the process, in which the emulator's isolates and the memory outside of all heaps are. */
  readonly resident: number;
}

/** The isolates of a process through which a request goes: the Worker's, the one in front of all origins, and the Cache API's two. */
const ISOLATES = ['user:tiercel', 'outbound:0', 'cache:0', 'cache:cache'] as const;

let nudges = 0;

/**
 * Collects the garbage of a process that nothing is sent to at the moment, and measures it.
 * Throws {@link FuzzFailed} where it cannot be measured.
 * @param port where it listens on 127.0.0.1
 */
export async function atRest(inspector: URL, port: number, pid: number): Promise<Rest> {
  const wire = new Wire(port);
  const [tenant] = TENANTS;
  const lines = [`Host: ${tenant?.hosts[0] ?? ''}`];
  try {
    const heaps = await collectIsolates(inspector, ISOLATES, () => {
      nudges += 1;
      // Looked for in every tier, asked of the origin, and not kept.
      const target = `/b/no-store/nudge-${nudges}`;
      return wire.send({ method: 'GET', target, version: 'HTTP/1.1', lines, body: '' });
    });
    const own = heaps['user:tiercel'];
    if (!own) throw new Error('The inspector does not list the Worker.');
    return { heap: own.used + own.buffers, resident: resident(pid).now };
  } catch (error) {
    throw new FuzzFailed(
      `What workerd holds could not be measured: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    wire.close();
  }
}
