import type { Command } from './resp.ts';

// All requests share one connection. What would block it, change its state for everybody, bring replies
// that nothing asked for or end the server is refused, most of it as the managed service does.
const refused: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'would block':
      'BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF MIGRATE',
    'belongs to /multi-exec': 'MULTI EXEC DISCARD',
    'would change the shared connection':
      'WATCH UNWATCH SELECT AUTH HELLO RESET QUIT ASKING READONLY READWRITE',
    'would turn the connection into a stream':
      'SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR SYNC PSYNC REPLCONF',
    'is for the keeper of the server': 'SHUTDOWN DEBUG REPLICAOF SLAVEOF FAILOVER',
  }).flatMap(([reason, names]) => names.split(' ').map((name) => [name, reason])),
);

const harmlessClientCommands = new Set(['ID', 'INFO', 'LIST', 'GETNAME', 'HELP']);

export function commandName(command: Command): string {
  return String(command[0] ?? '').toUpperCase();
}

/** The error for a command that is not passed on, or undefined for one that is. */
export function refusal(command: Command): string | undefined {
  const name = commandName(command);
  const reason = refused.get(name);
  if (reason !== undefined) return message(name, reason);
  if (name === 'CLIENT') {
    const sub = String(command[1] ?? '').toUpperCase();
    if (!harmlessClientCommands.has(sub)) {
      return message(`CLIENT ${sub}`.trim(), 'would change the shared connection');
    }
  }
  if ((name === 'XREAD' || name === 'XREADGROUP') && asksToBlock(command)) {
    return message(`${name} BLOCK`, 'would block');
  }
  return undefined;
}

function message(what: string, reason: string): string {
  return `ERR ${what} is not available over REST: it ${reason}.`;
}

function asksToBlock(command: Command): boolean {
  const words = command.map((word) => String(word).toUpperCase());
  // XREADGROUP GROUP <group> <consumer>: names, which may read BLOCK or STREAMS.
  const options = words.slice(words[0] === 'XREADGROUP' ? 4 : 1);
  const end = options.indexOf('STREAMS');
  return (end === -1 ? options : options.slice(0, end)).includes('BLOCK');
}
