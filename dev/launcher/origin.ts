import { fileURLToPath } from 'node:url';

import type { OriginMessage } from './origin-process.ts';
import { startOwnedProcess } from './owned-process.ts';
import type { Part } from './supervisor.ts';

export interface OriginPart extends Part {
  readonly url: string;
}

/** Who is told what happens to the origin's data. */
export interface EventsAddress {
  readonly url: string;
  /** Host and port of the tenant: the address in `url` is where it is, whatever it is called. */
  readonly host: string;
  /** What events are signed with: `whsec_` and base64. */
  readonly secret: string;
}

const script = fileURLToPath(new URL('origin-process.ts', import.meta.url));

/** Starts the demo origin in a process of its own. Throws with its reason when it does not come up. */
export async function startOriginProcess(options: {
  readonly root: string;
  readonly databaseFile: string;
  readonly events: EventsAddress;
  readonly onProgress: (line: string) => void;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<OriginPart> {
  const ready = Promise.withResolvers<string>();
  const child = startOwnedProcess({
    script,
    args: [options.databaseFile],
    cwd: options.root,
    // Not among the arguments, which every process of the machine can read.
    env: {
      TIERCEL_EVENTS_URL: options.events.url,
      TIERCEL_EVENTS_HOST: options.events.host,
      TIERCEL_EVENTS_SECRET: options.events.secret,
    },
    onLine: options.onLine,
    onMessage(received) {
      const message = received as OriginMessage;
      if ('progress' in message) options.onProgress(message.progress);
      else if ('url' in message) ready.resolve(message.url);
      else ready.reject(new Error(message.failed));
    },
  });
  void child.died.then((reason) => ready.reject(new Error(`The origin did not start: ${reason}`)));
  options.signal.addEventListener('abort', () => ready.reject(new Error('interrupted')));
  try {
    return { ...child, url: await ready.promise };
  } catch (error) {
    await child.stop();
    throw error;
  }
}
