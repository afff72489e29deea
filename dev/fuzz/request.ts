/** A request as it goes over the wire. Every text is bytes, one character each (Latin-1), so that nothing is repaired on the way. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Field lines, without the CR LF at their ends. What is in them is sent as it is. */
  readonly lines: readonly string[];
  readonly body: string;
  /** True: the client says that it sends nothing more, also where it has announced more. */
  readonly ends?: boolean;
}

/** The bytes of a request. */
export function bytesOf({ method, target, version, lines, body }: RawRequest): Buffer {
  const head = [`${method} ${target} ${version}`, ...lines].map((line) => `${line}\r\n`).join('');
  return Buffer.from(`${head}\r\n${body}`, 'latin1');
}

/** As it can be read, in one line. */
export function shown(request: RawRequest): string {
  return JSON.stringify(bytesOf(request).toString('latin1')).replace(
    /[\u007f-\u00ff]/g,
    (character) => String.raw`\x` + character.charCodeAt(0).toString(16),
  );
}

/** Every value of a field, trimmed; however its name is written. */
export function valuesOf({ lines }: RawRequest, name: string): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon >= 0 && line.slice(0, colon).trim().toLowerCase() === name
      ? [line.slice(colon + 1).trim()]
      : [];
  });
}

const FIELD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;
const HOST = /^(?:[a-z0-9-]+\.)*[a-z0-9-]+\.?(?::(\d{0,5}))?$/i;
const METHODS: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT PATCH DELETE OPTIONS TRACE PURGE BAN QUERY COPY LOCK MOVE PROPFIND REPORT'.split(
    ' ',
  ),
);

/**
 * True for a request that is well-formed by RFC 9112, with a method that the runtime knows, and whose body is of the announced
 * length. The runtime may refuse any other one by itself, in whatever way.
 */
export function isWellFormed(request: RawRequest): boolean {
  const { method, target, version, lines } = request;
  const hosts = valuesOf(request, 'host');
  const port = HOST.exec(hosts[0] ?? '')?.[1];
  return (
    METHODS.has(method) &&
    /^\/[\x21-\x7e]*$/.test(target) &&
    version === 'HTTP/1.1' &&
    lines.every((line) => FIELD.test(line)) &&
    // The runtime leaves a tab in the host.
    !lines.some((line) => /^host:.*[\t ]$/i.test(line)) &&
    lines.reduce((sum, line) => sum + line.length, target.length) < 60_000 &&
    hosts.length === 1 &&
    HOST.test(hosts[0] ?? '') &&
    Number(port ?? 0) <= 65_535 &&
    isFramed(request)
  );
}

/** True where everybody agrees where the request ends. */
export function isFramed(request: RawRequest): boolean {
  const { body } = request;
  const lengths = valuesOf(request, 'content-length');
  const codings = valuesOf(request, 'transfer-encoding');
  if (codings.length > 0)
    return (
      codings.length === 1 &&
      codings[0] === 'chunked' &&
      lengths.length === 0 &&
      /^(?:[1-9a-f][0-9a-f]*\r\n[^]*\r\n)?0\r\n\r\n$/.test(body) &&
      isOneChunk(body)
    );
  if (lengths.length === 0) return body === '';
  return lengths.length === 1 && lengths[0] === String(body.length);
}

function isOneChunk(body: string): boolean {
  const [size = ''] = /^[0-9a-f]+/.exec(body) ?? [];
  const length = Number.parseInt(size, 16);
  return length === 0 || body.length === size.length + 2 + length + 2 + 5;
}
