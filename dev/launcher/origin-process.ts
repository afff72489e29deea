// The demo origin as a process of its own: building its database and serving it must not hold up the
// launcher, which serves the Redis endpoint. argv: the database file. TIERCEL_EVENTS_URL,
// TIERCEL_EVENTS_HOST and TIERCEL_EVENTS_SECRET: who is told what happens to the data. Tells the launcher by message.

import { createEventSender } from '../origin/event-sender.ts';
import { printEvent } from '../origin/events.ts';
import { startOrigin } from '../origin/server.ts';

/** What this process tells the launcher. */
export type OriginMessage =
  | { readonly progress: string }
  | { readonly url: string }
  | { readonly failed: string };

const tell = (message: OriginMessage) => process.send?.(message);

const {
  TIERCEL_EVENTS_URL: url = '',
  TIERCEL_EVENTS_HOST: host = '',
  TIERCEL_EVENTS_SECRET: secret = '',
} = process.env;
const sender = url === '' ? undefined : createEventSender({ url, host, secret });

try {
  const origin = await startOrigin({
    databaseFile: process.argv[2] ?? '',
    onProgress: (progress) => tell({ progress }),
    async onEvent(event) {
      await printEvent(event);
      await sender?.send(event);
    },
  });
  process.once('SIGTERM', () => {
    void Promise.all([origin.stop(), sender?.stop()]).then(() => process.exit(0));
  });
  void origin.died.then((reason) => {
    console.error(reason);
    process.exit(1);
  });
  tell({ url: origin.url });
} catch (error) {
  tell({ failed: (error as Error).message });
  process.exitCode = 1;
  process.disconnect();
}
