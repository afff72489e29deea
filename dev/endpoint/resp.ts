/** A command and its arguments; strings are sent as UTF-8. */
export type Command = readonly (string | Buffer)[];

/** One RESP2 reply. Integers keep their digits, as Redis has 64-bit ones; both null forms are `null`. */
export type Reply =
  | { readonly type: 'status' | 'error'; readonly text: string }
  | { readonly type: 'integer'; readonly digits: string }
  | { readonly type: 'bulk'; readonly bytes: Buffer }
  | { readonly type: 'array'; readonly items: readonly Reply[] }
  | { readonly type: 'null' };

/** The bytes are not RESP2; the connection they came from is of no more use. */
export class RespSyntaxError extends Error {
  override readonly name = 'RespSyntaxError';
}

const crlf = Buffer.from('\r\n');

/** The bytes of one command, as an array of bulk strings. */
export function encodeCommand(command: Command): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)];
  for (const argument of command) {
    const bytes = typeof argument === 'string' ? Buffer.from(argument) : argument;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, crlf);
  }
  return Buffer.concat(parts);
}

/**
 * Reads replies from bytes that arrive in pieces of any size. Arrays that are under way are kept on a
 * stack, and a long string is joined only once it is there whole, so that no byte is read twice for it.
 */
export class RespParser {
  #pieces: Buffer[] = [];
  #held = 0;
  /** How many bytes must be held before it is worth looking again. */
  #needed = 1;
  readonly #open: { readonly items: Reply[]; readonly size: number }[] = [];

  /**
   * Takes the next bytes and gives the replies that they complete, in order.
   * @throws RespSyntaxError
   */
  feed(bytes: Buffer): Reply[] {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (this.#held < this.#needed) return [];
    const data = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces);
    const complete: Reply[] = [];
    let at = 0;
    for (;;) {
      const token = readToken(data, at);
      if ('needed' in token) {
        this.#needed = token.needed;
        break;
      }
      at = token.end;
      const reply =
        'opens' in token
          ? void this.#open.push({ items: [], size: token.opens })
          : this.#close(token.reply);
      if (reply !== undefined) complete.push(reply);
    }
    this.#pieces = at < data.length ? [data.subarray(at)] : [];
    this.#held = data.length - at;
    return complete;
  }

  /** Puts a reply into the array that waits for it; gives back what is thereby complete at the top. */
  #close(reply: Reply): Reply | undefined {
    let done = reply;
    for (let array = this.#open.at(-1); array !== undefined; array = this.#open.at(-1)) {
      array.items.push(done);
      if (array.items.length < array.size) return undefined;
      this.#open.pop();
      done = { type: 'array', items: array.items };
    }
    return done;
  }
}

type Token =
  | { readonly needed: number }
  | { readonly end: number; readonly opens: number }
  | { readonly end: number; readonly reply: Reply };

function readToken(data: Buffer, at: number): Token {
  const lineEnd = data.indexOf(crlf, at);
  if (lineEnd === -1) return { needed: data.length - at + 1 };
  const end = lineEnd + 2;
  const line = data.toString('utf8', at + 1, lineEnd);
  switch (String.fromCharCode(data[at] ?? 0)) {
    case '+':
      return { end, reply: { type: 'status', text: line } };
    case '-':
      return { end, reply: { type: 'error', text: line } };
    case ':':
      if (!/^[+-]?\d+$/.test(line)) throw new RespSyntaxError(`"${line}" is not an integer.`);
      return { end, reply: { type: 'integer', digits: line.replace('+', '') } };
    case '$': {
      const length = readLength(line);
      if (length === -1) return { end, reply: { type: 'null' } };
      if (data.length < end + length + 2) return { needed: end + length + 2 - at };
      if (data.compare(crlf, 0, 2, end + length, end + length + 2) !== 0) {
        throw new RespSyntaxError(`A string of ${length} bytes does not end where it should.`);
      }
      return {
        end: end + length + 2,
        reply: { type: 'bulk', bytes: data.subarray(end, end + length) },
      };
    }
    case '*': {
      const size = readLength(line);
      if (size === -1) return { end, reply: { type: 'null' } };
      if (size === 0) return { end, reply: { type: 'array', items: [] } };
      return { end, opens: size };
    }
    default: {
      const start = data.toString('latin1', at, Math.min(lineEnd, at + 40));
      throw new RespSyntaxError(`"${start}" is not the beginning of a Redis reply.`);
    }
  }
}

function readLength(line: string): number {
  if (!/^(?:-1|\d{1,10})$/.test(line)) throw new RespSyntaxError(`"${line}" is not a length.`);
  return Number(line);
}
