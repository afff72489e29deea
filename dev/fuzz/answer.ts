/** One answer as it came over the wire; texts are Latin-1. */
export interface Answer {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Without its framing. */
  readonly body: string;
  /** How its end is known. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
  /** Head and body, byte for byte, with its framing. */
  readonly raw: string;
  /** False for one that broke off before its framing said so. */
  readonly complete: boolean;
}

/** What came is no HTTP/1.1. The message says why. */
export class NotHttp extends Error {
  override readonly name = 'NotHttp';
}

/** The values of a field, each line by itself. @param name in lower case */
export function fieldValues({ fields }: Pick<Answer, 'fields'>, name: string): string[] {
  return fields.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value);
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-9]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
// Other control characters are not allowed either, but a recipient may keep them (RFC 9110, section 5.5): the origin's are passed on.
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([^\0\r\n]*?)[\t ]*$/;

/**
 * Reads the first final answer of what came, strictly. Undefined: more has to come.
 * @param method of the request; decides whether there is a body
 * @param ended nothing more will come
 * @returns the answer, and what came behind it
 * @throws NotHttp
 */
export function readAnswer(
  text: string,
  method: string,
  ended: boolean,
): { readonly answer: Answer; readonly rest: string } | undefined {
  let from = 0;
  for (;;) {
    const end = text.indexOf('\r\n\r\n', from);
    if (end < 0) {
      if (!/^(?:H(?:T(?:T(?:P[^]*)?)?)?)?$/.test(text.slice(from)))
        throw new NotHttp(`it begins with ${JSON.stringify(text.slice(from, from + 60))}`);
      if (ended) throw new NotHttp('it ends within the head');
      return undefined;
    }
    const head = readHead(text.slice(from, end));
    if (head.status < 200 && head.status !== 101) {
      from = end + 4;
      continue;
    }
    return readBody(text, { ...head, from, bodyAt: end + 4 }, method, ended);
  }
}

type Fields = Answer['fields'];

function readHead(head: string): { status: number; fields: Fields } {
  const [first = '', ...lines] = head.split('\r\n');
  const status = STATUS_LINE.exec(first)?.[1];
  if (status === undefined)
    throw new NotHttp(`its status line is ${JSON.stringify(first.slice(0, 80))}`);
  const fields = lines.map((line): readonly [string, string] => {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new NotHttp(`a field line is ${JSON.stringify(line.slice(0, 80))}`);
    return [name, value];
  });
  return { status: Number(status), fields };
}

interface Head {
  readonly status: number;
  readonly fields: Fields;
  readonly from: number;
  readonly bodyAt: number;
}

function readBody(text: string, head: Head, method: string, ended: boolean) {
  const { status, fields, from, bodyAt } = head;
  const made = (body: string, end: number, framing: Answer['framing'], complete: boolean) => ({
    answer: { status, fields, body, framing, raw: text.slice(from, end), complete },
    rest: text.slice(end),
  });
  const lengths = fieldValues(head, 'content-length');
  const codings = fieldValues(head, 'transfer-encoding');
  if (codings.length > 1 || (codings.length === 1 && codings[0]?.toLowerCase() !== 'chunked'))
    throw new NotHttp(`its Transfer-Encoding is ${JSON.stringify(codings.join(', '))}`);
  if (lengths.length > 1 || lengths.some((length) => !/^\d{1,15}$/.test(length)))
    throw new NotHttp(`its Content-Length is ${JSON.stringify(lengths.join(', '))}`);
  if (codings.length > 0 && lengths.length > 0)
    throw new NotHttp('it has both Content-Length and Transfer-Encoding');
  if (method === 'HEAD' || status === 204 || status === 304 || status === 101)
    return made('', bodyAt, 'none', true);
  if (codings.length > 0) return readChunks(text, bodyAt, ended, made);
  const [length] = lengths;
  if (length === undefined)
    return ended ? made(text.slice(bodyAt), text.length, 'close', true) : undefined;
  const end = bodyAt + Number(length);
  if (text.length >= end) return made(text.slice(bodyAt, end), end, 'length', true);
  return ended ? made(text.slice(bodyAt), text.length, 'length', false) : undefined;
}

type Made = (
  body: string,
  end: number,
  framing: Answer['framing'],
  complete: boolean,
) => { readonly answer: Answer; readonly rest: string };

function readChunks(text: string, bodyAt: number, ended: boolean, made: Made) {
  const parts: string[] = [];
  const cut = () => (ended ? made(parts.join(''), text.length, 'chunked', false) : undefined);
  let at = bodyAt;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return cut();
    const size = text.slice(at, line);
    if (!/^[0-9a-fA-F]{1,8}$/.test(size))
      throw new NotHttp(`a chunk's size is ${JSON.stringify(size.slice(0, 40))}`);
    const length = Number.parseInt(size, 16);
    const end = line + 2 + length;
    if (text.length < end + 2) {
      parts.push(text.slice(line + 2, end));
      return cut();
    }
    if (text.slice(end, end + 2) !== '\r\n')
      throw new NotHttp('a chunk does not end where it says');
    if (length === 0) return made(parts.join(''), end + 2, 'chunked', true);
    parts.push(text.slice(line + 2, end));
    at = end + 2;
  }
}
