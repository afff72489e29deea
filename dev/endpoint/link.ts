import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RedisConnection } from '../redis/redis-server.ts';
import { type Command, encodeCommand, type Reply, RespParser } from './resp.ts';

/** Redis cannot be reached, or went away before it had answered: then the outcome is unknown. */
export class RedisDown extends Error {
  override readonly name = 'RedisDown';
}

interface Batch {
  readonly size: number;
  readonly replies: Reply[];
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: Error) => void;
}

/** One open RESP2 connection, from its first byte to its last. */
export class RespLink {
  readonly #socket: Socket;
  readonly #where: string;
  readonly #parser = new RespParser();
  /** What was sent and is not answered yet, in the order in which it was sent. */
  readonly #waiting: Batch[] = [];
  #lost: string | undefined;

  constructor(socket: Socket, where: string) {
    this.#socket = socket;
    this.#where = where;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.close(reasonOf(error)));
    socket.on('close', () => this.close('the connection was closed'));
  }

  /** False once the connection has ended; it does not come back. */
  get alive(): boolean {
    return this.#lost === undefined;
  }

  /**
   * Sends commands in one piece, so that no others come between them, and gives their replies in order.
   * Error replies are replies.
   * @throws RedisDown
   */
  send(commands: readonly Command[]): Promise<Reply[]> {
    if (commands.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(new RedisDown(`Redis at ${this.#where} is gone: ${this.#lost}.`));
        return;
      }
      this.#waiting.push({ size: commands.length, replies: [], resolve, reject });
      this.#socket.write(Buffer.concat(commands.map(encodeCommand)));
    });
  }

  /** Ends the connection; whatever still waits for an answer is rejected with `reason`. */
  close(reason = 'the connection was ended here'): void {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    this.#socket.destroy();
    const error = new RedisDown(
      `Redis at ${this.#where} went away before it had answered: ${reason}.`,
    );
    for (const batch of this.#waiting.splice(0)) batch.reject(error);
  }

  #receive(bytes: Buffer): void {
    try {
      for (const reply of this.#parser.feed(bytes)) this.#deliver(reply);
    } catch (error) {
      this.close(reasonOf(error));
    }
  }

  #deliver(reply: Reply): void {
    const batch = this.#waiting[0];
    if (batch === undefined) {
      this.close('it sent a reply that nothing had asked for');
      return;
    }
    batch.replies.push(reply);
    if (batch.replies.length < batch.size) return;
    this.#waiting.shift();
    batch.resolve(batch.replies);
  }
}

/**
 * Connects, signs in and selects the database.
 * @throws RedisDown when that is not done within `timeoutMs`
 */
export async function openLink(redis: RedisConnection, timeoutMs: number): Promise<RespLink> {
  const where = `${redis.host}:${redis.port}`;
  const address = { host: redis.host, port: redis.port };
  // TLS knows server names, not addresses.
  const servername = isIP(redis.host) === 0 ? redis.host : '';
  const socket = redis.tls ? connectTls({ ...address, servername }) : connect(address);
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      socket.once('error', reject);
      socket.once(redis.tls ? 'secureConnect' : 'connect', () => resolve());
    });
    const link = new RespLink(socket, where);
    clearTimeout(timer);
    timer = setTimeout(() => link.close(`no answer within ${timeoutMs} ms`), timeoutMs);
    for (const reply of await link.send(greeting(redis))) {
      if (reply.type === 'error') {
        link.close();
        throw new Error(reply.text);
      }
    }
    return link;
  } catch (error) {
    socket.destroy();
    if (error instanceof RedisDown) throw error;
    throw new RedisDown(`Redis at ${where} cannot be used: ${reasonOf(error)}.`);
  } finally {
    clearTimeout(timer);
  }
}

function greeting(redis: RedisConnection): Command[] {
  const commands: Command[] = [];
  if (redis.password !== undefined) {
    const user = redis.username === undefined ? [] : [redis.username];
    commands.push(['AUTH', ...user, redis.password]);
  }
  if (redis.database !== undefined) commands.push(['SELECT', String(redis.database)]);
  return commands;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A host name with several addresses fails with an AggregateError, whose message is empty.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return (error.message === '' ? code : error.message).replace(/\.$/, '');
}
