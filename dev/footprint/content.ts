import { createHash } from 'node:crypto';

const BLOCK = 65_536;
const COUNTER = 8;

/** Bytes that don't compress, made from their place alone: the same in every process. */
const pattern = ((): Buffer => {
  const block = Buffer.alloc(BLOCK);
  let state = 0x9e37_79b9;
  for (let at = 0; at < BLOCK; at += 4) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block.writeInt32LE(state | 0, at);
  }
  return block;
})();

/** A body of so many bytes, in blocks. Each begins with its number, so that none can be left out or come twice unnoticed. */
export function* content(bytes: number): Generator<Buffer, void, undefined> {
  for (let from = 0; from < bytes; from += BLOCK) {
    const block = Buffer.from(pattern);
    block.writeDoubleLE(from / BLOCK, BLOCK - COUNTER);
    block.writeDoubleLE(from / BLOCK, 0);
    yield block.subarray(0, Math.min(BLOCK, bytes - from));
  }
}

/** SHA-256 of the first bytes of any body, hexadecimal. */
export function digestOf(bytes: number): string {
  const hash = createHash('sha256');
  for (const block of content(bytes)) hash.update(block);
  return hash.digest('hex');
}
