// Loaded with --import into every process the launcher starts, each of which leads (or is in) a process
// group of its own. When the launcher is gone without having ended them, for instance by SIGKILL,
// they end themselves and all of their group.

import { isMainThread } from 'node:worker_threads';

const checkMs = 500;

// Without a group of its own, the signal would reach whoever started this process.
if (isMainThread && process.env['TIERCEL_OWN_GROUP'] === '1') {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(0, 'SIGKILL');
  }, checkMs).unref();
}
