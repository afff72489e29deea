// A process of its own, in the folder of the suite: the suite's server, as the origin. It would listen on every
// address of the machine, on a port that it is given; here it listens on 127.0.0.1, on a free one, and says where.
//
// Every answer ends its connection. Some tests announce fewer bytes than they send, or send what is no HTTP; workerd takes
// what is left of that for the answer to the next request on the connection, which is another test's.

import type { ServerResponse } from 'node:http';
import { Server } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SUITE_FILES } from './suite.ts';

/** What the process tells. */
export interface ServerMessage {
  readonly url: string;
}

const listen = Reflect.get(Server.prototype, 'listen') as (options: object) => Server;

Server.prototype.listen = function listenHere(this: Server): Server {
  this.prependListener('request', (_request: unknown, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
  this.once('listening', () => {
    const address = this.address();
    if (typeof address !== 'object' || address === null) return;
    const message: ServerMessage = { url: `http://127.0.0.1:${address.port}` };
    process.send?.(message);
  });
  return Reflect.apply(listen, this, [{ port: 0, host: '127.0.0.1' }]);
};

await import(pathToFileURL(join(process.cwd(), SUITE_FILES.server)).href);
