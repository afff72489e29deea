import type { Reply } from './resp.ts';

/** How strings are written: as text, bytes that are not UTF-8 becoming U+FFFD, or all of them in base64. */
export type Encoding = 'text' | 'base64';

/** `{"result": ...}`, or `{"error": ...}` for an error reply. */
export function envelope(reply: Reply, encoding: Encoding): string {
  if (reply.type === 'error') return errorEnvelope(reply.text);
  // A plain OK is what clients look for in base64 replies too, but only as the whole result.
  const isOk = reply.type === 'status' && reply.text === 'OK';
  return `{"result":${replyJson(reply, isOk ? 'text' : encoding)}}`;
}

/** `{"error": message}`; errors are never encoded. */
export function errorEnvelope(message: string): string {
  return JSON.stringify({ error: message });
}

/** The reply as JSON text. Written out here because JavaScript's numbers would round 64-bit integers. */
export function replyJson(reply: Reply, encoding: Encoding): string {
  switch (reply.type) {
    case 'null':
      return 'null';
    case 'integer':
      return reply.digits;
    case 'array':
      return `[${reply.items.map((item) => replyJson(item, encoding)).join(',')}]`;
    case 'bulk':
      return JSON.stringify(reply.bytes.toString(encoding === 'base64' ? 'base64' : 'utf8'));
    default:
      return JSON.stringify(
        encoding === 'base64' ? Buffer.from(reply.text).toString('base64') : reply.text,
      );
  }
}
