// A process of its own: an origin that makes bodies of any size as they are read, and tells when the first byte of each
// went out, and how many there were.

import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { content } from './content.ts';

/** What the process tells: where it is, and then of each body. Times are of the machine's monotonic clock, in nanoseconds. */
export type OriginMessage =
  | { readonly url: string }
  | { readonly path: string; readonly firstByteAt: string }
  | {
      readonly path: string;
      readonly made: number;
      readonly sha256: string;
      readonly all: boolean;
    };

const server = createServer((request, response) => {
  void answer(request.url ?? '', response);
});
server.listen(0, '127.0.0.1', () => {
  tell({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});

/** `/length/BYTES/NAME` and `/chunked/BYTES/NAME`: with Content-Length, and without. */
async function answer(path: string, response: ServerResponse): Promise<void> {
  const [, form, size] = /^\/(length|chunked)\/(\d+)\/[\w-]+$/.exec(path) ?? [];
  if (form === undefined || size === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    // The gateway is meant to want it, and to find that it is too large.
    'cache-control': 'public, max-age=600',
    ...(form === 'length' && { 'content-length': size }),
  });
  const hash = createHash('sha256');
  let made = 0;
  function* told(): Generator<Buffer, void, undefined> {
    for (const block of content(Number(size))) {
      if (made === 0) tell({ path, firstByteAt: String(process.hrtime.bigint()) });
      made += block.length;
      hash.update(block);
      yield block;
    }
  }
  // It makes a block only when there is room for it.
  const source = Readable.from(told(), { objectMode: false, highWaterMark: 65_536 });
  const all = await pipeline(source, response).then(
    () => true,
    () => false,
  );
  tell({ path, made, sha256: hash.digest('hex'), all });
}

function tell(message: OriginMessage): void {
  process.send?.(message);
}
