import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { RedisConnection } from '../../dev/redis/redis.ts';

export type LinkState = 'open' | 'paused' | 'cut';

/** A TCP hop in front of Redis, or of an origin, on which a test can make the network fail. */
export interface RedisLink {
  /** What to connect to instead of the server itself. */
  readonly connection: RedisConnection;
  /** `paused`: bytes wait on both sides, connections stay. `cut`: connections are reset, new ones too. */
  set(state: LinkState): void;
  /** Sends new connections to another server and resets the present ones. */
  retarget(target: RedisConnection): void;
  close(): Promise<void>;
}

/** Opens a link to `target` on a free loopback port. Throws when `target` wants TLS, which cannot be relayed unseen. */
export async function openLink(target: RedisConnection): Promise<RedisLink> {
  if (target.tls === true) {
    throw new Error(
      `The tests need Redis without TLS, and ${target.host}:${target.port} wants TLS.`,
    );
  }
  let state: LinkState = 'open';
  let current = target;
  const pairs = new Set<readonly [Socket, Socket]>();

  const server = createServer((near) => {
    if (state === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: current.host, port: current.port, noDelay: true });
    near.setNoDelay(true);
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    if (state === 'open') join(pair);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });

  const reset = (): void => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
    pairs.clear();
  };

  return {
    connection: { ...target, host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    set(next) {
      if (next === 'cut') reset();
      if (next === 'paused' && state === 'open') pairs.forEach(part);
      if (next === 'open' && state === 'paused') pairs.forEach(join);
      state = next;
    },
    retarget(next) {
      current = next;
      reset();
    },
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      reset();
      await closed;
    },
  };
}

function join([near, far]: readonly [Socket, Socket]): void {
  near.pipe(far);
  far.pipe(near);
}

function part([near, far]: readonly [Socket, Socket]): void {
  near.unpipe(far).pause();
  far.unpipe(near).pause();
}
