import type { IncomingMessage } from 'node:http';

/** What the managed service takes: 10 MB a request. */
export const maxBodyBytes = 10 * 1024 * 1024;

/** How much of a body that is too large is still read, so that its sender gets to see the answer. */
const maxDiscardedBytes = 64 * 1024 * 1024;

/** The whole body, or `too-large` as soon as that is known; the rest is then read and thrown away. */
export function readBody(request: IncomingMessage): Promise<Buffer | 'too-large'> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let total = 0;
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > maxBodyBytes) resolve('too-large');
    request.on('data', (piece: Buffer) => {
      total += piece.length;
      if (total <= maxBodyBytes && declared <= maxBodyBytes) {
        pieces.push(piece);
        return;
      }
      pieces.length = 0;
      resolve('too-large');
      if (total > maxDiscardedBytes) request.destroy();
    });
    request.on('end', () => resolve(Buffer.concat(pieces)));
    request.on('error', reject);
  });
}
