import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A WebSocket as an origin has it. */
export interface OriginSocket {
  /** The handshake's header fields, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the client has sent, in order: texts, and bytes as they are. */
  readonly received: readonly (string | Uint8Array)[];
  send(message: string | Uint8Array): void;
  /** Closes with a status code. */
  close(code: number): void;
  /** The status code with which the client has closed; undefined while it has not. */
  readonly closed: number | undefined;
}

/** A stream of server-sent events that a test feeds. */
export interface EventStream {
  readonly method: string;
  send(data: string): void;
  end(): void;
  /** True once the client's side of it is gone. */
  readonly gone: boolean;
}

/**
 * An origin that speaks WebSocket on `/socket`, refuses it with 403 on `/refused`, and sends events on `/events`, for a
 * minute fresh if one believes it.
 */
export interface LiveOrigin {
  readonly url: string;
  readonly sockets: readonly OriginSocket[];
  readonly streams: readonly EventStream[];
  stop(): Promise<void>;
}

/** Starts it on a free loopback port. */
export async function startLiveOrigin(): Promise<LiveOrigin> {
  const sockets: OriginSocket[] = [];
  const streams: EventStream[] = [];
  const connections = new Set<Socket>();
  const server = createServer((request, response) => {
    if (request.url === '/events') streams.push(eventStream(request, response));
    else response.end('no socket, no events');
  });
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, raw: Duplex) => {
    if (request.url === '/socket') sockets.push(accept(request, raw));
    else
      raw.end(
        'HTTP/1.1 403 Forbidden\r\nX-Why: not you\r\nContent-Length: 6\r\nConnection: close\r\n\r\nno way',
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    streams,
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      // What was upgraded is no connection of the server's any more.
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

function eventStream(request: IncomingMessage, response: ServerResponse): EventStream {
  let gone = false;
  response.once('close', () => (gone = true));
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'public, max-age=60',
  });
  response.flushHeaders();
  return {
    method: request.method ?? '',
    send: (data) => void response.write(`data: ${data}\n\n`),
    end: () => void response.end(),
    get gone() {
      return gone;
    },
  };
}

const OPCODES = { text: 1, bytes: 2, close: 8 } as const;
/** Of RFC 6455, section 1.3. */
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The server's side of a WebSocket (RFC 6455), for messages of up to 64 KiB in one frame each. */
function accept(request: IncomingMessage, raw: Duplex): OriginSocket {
  const key = String(request.headers['sec-websocket-key']);
  const [protocol] = (request.headers['sec-websocket-protocol'] ?? '').split(', ');
  raw.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${createHash('sha1')
        .update(key + HANDSHAKE_GUID)
        .digest('base64')}`,
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
      'X-Own: yes',
      'Cache-Tag: secret',
      '\r\n',
    ].join('\r\n'),
  );
  const received: (string | Uint8Array)[] = [];
  let closed: number | undefined;
  let rest = Buffer.alloc(0);
  raw.on('error', () => {});
  raw.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let frame = readFrame(rest); frame; frame = readFrame(rest)) {
      rest = rest.subarray(frame.length);
      if (frame.opcode === OPCODES.text) received.push(frame.payload.toString());
      if (frame.opcode === OPCODES.bytes) received.push(new Uint8Array(frame.payload));
      if (frame.opcode === OPCODES.close) {
        closed = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
        raw.end(writeFrame(OPCODES.close, frame.payload));
      }
    }
  });
  return {
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    received,
    send: (message) =>
      void raw.write(
        writeFrame(
          typeof message === 'string' ? OPCODES.text : OPCODES.bytes,
          Buffer.from(message as Uint8Array),
        ),
      ),
    close(code) {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      raw.write(writeFrame(OPCODES.close, payload));
    },
    get closed() {
      return closed;
    },
  };
}

function readFrame(
  bytes: Buffer,
): { readonly opcode: number; readonly payload: Buffer; readonly length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const long = (bytes.readUInt8(1) & 0x7f) === 126;
  const header = (long ? 4 : 2) + 4;
  if (bytes.length < header) return undefined;
  const size = long ? bytes.readUInt16BE(2) : bytes.readUInt8(1) & 0x7f;
  if (bytes.length < header + size) return undefined;
  const mask = bytes.subarray(header - 4, header);
  const payload = Buffer.from(bytes.subarray(header, header + size)).map(
    (byte, at) => byte ^ (mask[at % 4] ?? 0),
  );
  return {
    opcode: bytes.readUInt8(0) & 0x0f,
    payload: Buffer.from(payload),
    length: header + size,
  };
}

function writeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : 4);
  header.writeUInt8(0x80 | opcode, 0);
  header.writeUInt8(Math.min(length, 126), 1);
  if (length >= 126) header.writeUInt16BE(length, 2);
  return Buffer.concat([header, payload]);
}
