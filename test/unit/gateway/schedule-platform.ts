import { sha256 } from '@noble/hashes/sha2.js';

/**
 * What workerd has and Node lacks, and a digest that no other thread makes: a schedule takes the same turns each time.
 * Answers what takes it back.
 */
export function likeWorkerd(): () => void {
  const undo = [
    define(crypto.subtle, 'digest', (_: string, bytes: Uint8Array<ArrayBuffer>) =>
      Promise.resolve(sha256(bytes).slice().buffer),
    ),
  ];
  if (!('toBase64' in Uint8Array.prototype))
    undo.push(
      define(Uint8Array.prototype, 'toBase64', function toBase64(this: Uint8Array): string {
        let text = '';
        for (const byte of this) text += String.fromCodePoint(byte);
        return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      }),
    );
  return () => {
    for (const one of undo) one();
  };
}

function define(on: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(on, name);
  Object.defineProperty(on, name, { configurable: true, writable: true, value });
  return () => {
    if (before) Object.defineProperty(on, name, before);
    else Reflect.deleteProperty(on, name);
  };
}
