import { connect } from 'node:net';

/** An answer as it came over the wire; names of fields in lower case. */
export interface RawAnswer {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * Sends bytes, one for each character, on a connection of their own, and reads until `answers` whole answers have come or
 * the server has closed. Rejects after ten seconds.
 */
export function sendRaw(
  url: string,
  bytes: string,
  answers: number,
): Promise<readonly RawAnswer[]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let got = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`No ${answers} answers within ten seconds, but: ${got}`));
    }, 10_000);
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(parseAnswers(got));
    };
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      if (parseAnswers(got).length >= answers) end();
    });
    // A server that refuses may reset.
    socket.on('error', () => {});
    socket.once('close', end);
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

/** The value of an answer's field; undefined when it has none. */
export function fieldOf({ fields }: RawAnswer, name: string): string | undefined {
  return fields.find(([one]) => one === name)?.[1];
}

/** The whole answers at the beginning of a text. */
function parseAnswers(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return answers;
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const fields = lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    });
    const head = { status: Number(statusLine.split(' ')[1]), fields };
    const body = bodyOf(head, rest.slice(end + 4));
    if (body === undefined) return answers;
    answers.push({ ...head, body: body.text });
    rest = body.rest;
  }
}

/** Undefined while it is not whole. */
function bodyOf(
  { fields }: Pick<RawAnswer, 'fields'>,
  bytes: string,
): { readonly text: string; readonly rest: string } | undefined {
  const chunked = fields.some(([name]) => name === 'transfer-encoding');
  if (!chunked) {
    const length = Number(fields.find(([name]) => name === 'content-length')?.[1] ?? 0);
    return bytes.length < length
      ? undefined
      : { text: bytes.slice(0, length), rest: bytes.slice(length) };
  }
  let text = '';
  let rest = bytes;
  for (;;) {
    const line = /^([0-9a-f]+)\r\n/i.exec(rest);
    if (!line) return undefined;
    const size = Number.parseInt(line[1] ?? '', 16);
    const after = line[0].length + size + 2;
    if (rest.length < after) return undefined;
    text += rest.slice(line[0].length, after - 2);
    rest = rest.slice(after);
    if (size === 0) return { text, rest };
  }
}
