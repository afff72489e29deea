// The demo origin as a process of its own: building its database and serving it must not hold up the
// launcher, which serves the Redis endpoint. argv: the database file. Tells the launcher by message.

import { startOrigin } from '../origin/server.ts';

/** What this process tells the launcher. */
export type OriginMessage =
  | { readonly progress: string }
  | { readonly url: string }
  | { readonly failed: string };

const tell = (message: OriginMessage) => process.send?.(message);

try {
  const origin = await startOrigin({
    databaseFile: process.argv[2] ?? '',
    onProgress: (progress) => tell({ progress }),
  });
  process.once('SIGTERM', () => {
    void origin.stop().then(() => process.exit(0));
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
