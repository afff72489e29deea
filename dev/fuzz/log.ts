import type { LogLine } from '../torture/worker-process.ts';
import type { Finding } from './checks.ts';

/**
 * What the runtime itself writes, as errors, of messages that it gives no Worker, or of an origin that does not speak HTTP: it
 * is asked for here on purpose, and answered by the runtime (500, 400) or by the gateway (502).
 */
const EXPECTED: readonly RegExp[] = [
  // A target that is no path, a Host that is no host, two of them.
  /^Uncaught exception: kj\/compat\/url\.c\+\+:\d+: failed: /,
  // CONNECT.
  /^Uncaught exception: workerd\/api\/global-scope\.c\+\+:\d+: failed: remote\.jsg\.Error: Handler does not export a connect\(\) function/,
  /^Received a connect event but we lack a handler/,
  // The framing of a request: Content-Length, Transfer-Encoding.
  /^Uncaught exception: kj\/compat\/http\.c\+\+:\d+: failed: (?:invalid Content-Length|unknown transfer encoding|expected type != REQUEST)/,
  // The same place, where the broken chunks of a request end its connection before the Worker has an answer.
  /^Uncaught exception: kj\/compat\/http\.c\+\+:\d+: failed: remote\.worker_do_not_log; Request failed due to internal error/,
  /^e = kj\/compat\/http\.c\+\+:\d+: (?:failed: )?(?:invalid HTTP chunk|expected '\\n' after HTTP chunk|expected text\.size\(\) > 0|[^;]*; (?:HTTP chunk size overflow|invalid HTTP chunk size))/,
  // A remark on the bytes of a field that is passed on.
  /^A header value for "[^"]*" contains non-ASCII characters/,
  // The head or the framing of an origin's answer.
  /^e = kj\/compat\/http\.c\+\+:\d+: failed: protocolError\.description = /,
];

const EXCEPTION =
  /uncaught|unhandled|exception|(?:^|\W)(?:Type|Range|Syntax|Reference|Eval|URI|Internal)?Error: |\n\s+at /i;

/** What is wrong with a line of workerd's log, if anything is. */
export function checkLog({ level, message }: LogLine): Finding | undefined {
  if (EXPECTED.some((form) => form.test(message))) return undefined;
  const isEvent = message.startsWith('{"type":');
  if (level !== 'error' && (isEvent || !EXCEPTION.test(message))) return undefined;
  return { invariant: 'log', detail: `${level}: ${message.slice(0, 600)}` };
}
