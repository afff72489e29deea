import type { RespConnection } from './connection.ts';
import { RedisDown } from './link.ts';
import type { RestRequest } from './protocol.ts';
import { refusal } from './refusals.ts';
import { type Encoding, envelope, errorEnvelope } from './reply-json.ts';
import type { Command, Reply } from './resp.ts';
import type { ScriptFlags } from './script-flags.ts';

/** An HTTP answer; the body is JSON. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Runs what the request asks for and gives the answer in the shape that belongs to it. */
export async function execute(
  request: RestRequest,
  redis: RespConnection,
  scripts: ScriptFlags,
  encoding: Encoding,
): Promise<Answer> {
  try {
    if (request.shape === 'transaction') {
      return await transaction(request.commands, redis, scripts, encoding);
    }
    const replies = await pipeline(request.commands, redis, scripts);
    if (request.shape === 'pipeline') return { status: 200, body: list(replies, encoding) };
    const reply = replies[0] ?? { type: 'null' };
    return { status: reply.type === 'error' ? 400 : 200, body: envelope(reply, encoding) };
  } catch (error) {
    if (error instanceof RedisDown) return { status: 503, body: errorEnvelope(error.message) };
    throw error;
  }
}

/** One reply for each command; a refused one fails alone, the others are sent. */
async function pipeline(
  commands: readonly Command[],
  redis: RespConnection,
  scripts: ScriptFlags,
): Promise<Reply[]> {
  const refusals = commands.map(refusal);
  const passed = commands.filter((_, index) => refusals[index] === undefined);
  const sent = await redis.send(passed.map((command) => scripts.outgoing(command)));
  const replies = sent.values();
  return commands.map((command, index) => {
    const refused = refusals[index];
    if (refused !== undefined) return { type: 'error', text: refused };
    return scripts.incoming(command, replies.next().value ?? { type: 'null' });
  });
}

async function transaction(
  commands: readonly Command[],
  redis: RespConnection,
  scripts: ScriptFlags,
  encoding: Encoding,
): Promise<Answer> {
  const refused = commands.map(refusal).find((text) => text !== undefined);
  if (refused !== undefined) return discarded(`EXECABORT Transaction discarded: ${refused}`);
  const replies = await redis.send([
    ['MULTI'],
    ...commands.map((command) => scripts.outgoing(command)),
    ['EXEC'],
  ]);
  const result = replies.at(-1);
  if (result?.type === 'array') {
    const items = result.items.map((item, index) => scripts.incoming(commands[index] ?? [], item));
    return { status: 200, body: list(items, encoding) };
  }
  // EXECABORT says only that something was wrong; the reply to the command itself says what.
  const cause = replies.slice(0, -1).find((reply) => reply.type === 'error');
  const abort = result?.type === 'error' ? result.text : 'EXECABORT Transaction discarded.';
  return discarded(cause?.type === 'error' ? `${abort} ${cause.text}` : abort);
}

function discarded(message: string): Answer {
  return { status: 400, body: errorEnvelope(message) };
}

function list(replies: readonly Reply[], encoding: Encoding): string {
  return `[${replies.map((reply) => envelope(reply, encoding)).join(',')}]`;
}
