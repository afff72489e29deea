import { createHash } from 'node:crypto';
import { commandName } from './refusals.ts';
import type { Command, Reply } from './resp.ts';

const flag = 'allow-key-locking';

/**
 * The managed service knows a script flag, `allow-key-locking`, that Redis refuses. It is taken out here,
 * and because that changes the script's SHA-1, the name that clients call it by is translated both ways.
 * Like the script cache of a server, this is forgotten at a restart: clients then see NOSCRIPT and send
 * the script again.
 */
export class ScriptFlags {
  /** SHA-1 of the script as the client wrote it -> as Redis got it. */
  readonly #aliases = new Map<string, string>();

  /** The command as Redis is to get it. */
  outgoing(command: Command): Command {
    switch (commandName(command)) {
      case 'EVAL':
      case 'EVAL_RO':
        return this.#withScript(command, 1);
      case 'EVALSHA':
      case 'EVALSHA_RO':
        return command.with(1, this.#known(command[1]));
      case 'SCRIPT':
        if (subcommand(command) === 'LOAD') return this.#withScript(command, 2);
        if (subcommand(command) === 'EXISTS') {
          return command.map((word, index) => (index < 2 ? word : this.#known(word)));
        }
        return command;
      default:
        return command;
    }
  }

  /** The reply to `command` (as the client wrote it) as the client is to get it. */
  incoming(command: Command, reply: Reply): Reply {
    const isLoad = commandName(command) === 'SCRIPT' && subcommand(command) === 'LOAD';
    if (!isLoad || reply.type !== 'bulk') return reply;
    const sha = sha1(command[2] ?? '');
    return this.#aliases.has(sha) ? { type: 'bulk', bytes: Buffer.from(sha) } : reply;
  }

  #withScript(command: Command, index: number): Command {
    const script = command[index];
    if (script === undefined) return command;
    const without = withoutFlag(String(script));
    if (without === undefined) return command;
    this.#aliases.set(sha1(script), sha1(without));
    return command.with(index, without);
  }

  #known(sha: string | Buffer | undefined): string | Buffer {
    return this.#aliases.get(String(sha).toLowerCase()) ?? sha ?? '';
  }
}

function subcommand(command: Command): string {
  return String(command[1] ?? '').toUpperCase();
}

function sha1(script: string | Buffer): string {
  return createHash('sha1').update(script).digest('hex');
}

/** The script with the flag taken out of its first line, or undefined where it does not stand there. */
function withoutFlag(script: string): string | undefined {
  const [first = ''] = script.split('\n', 1);
  const flags = /^(#!.*?)\s+flags=(\S*)(.*)$/.exec(first);
  const names = flags?.[2]?.split(',') ?? [];
  if (!names.includes(flag)) return undefined;
  const rest = names.filter((name) => name !== flag).join(',');
  const line = `${flags?.[1]}${rest === '' ? '' : ` flags=${rest}`}${flags?.[3]}`;
  return line + script.slice(first.length);
}
