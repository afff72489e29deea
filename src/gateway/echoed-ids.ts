/** By themselves. Traces: W3C "Trace Context" and "Baggage", B3, and those of single vendors. */
const NAMES: ReadonlySet<string> = new Set([
  'b3',
  'baggage',
  'elastic-apm-traceparent',
  'sentry-trace',
  'traceparent',
  'traceresponse',
  'tracestate',
  'x-cloud-trace-context',
  'x-datadog-parent-id',
  'x-request-guid',
]);

/** `X-Request-Id`, `Client-Request-Id`, `X-Amzn-RequestId`, `X-Amzn-Trace-Id`, `Uber-Trace-Id`, `TraceId` and so on. */
const ENDING = /(?:^|-)(?:correlation|request|span|trace|transaction)-?id$/;

/**
 * True for a field by which one exchange is found again in logs and traces, and that says nothing else: a response without
 * it is the same response. Not all of `X-`: whoever sends `X-Frame-Options: DENY` would take it from a page that has it.
 * @param name in lower case
 */
export function isExchangeId(name: string): boolean {
  return NAMES.has(name) || name.startsWith('x-b3-') || ENDING.test(name);
}

/**
 * The ids of an exchange in which the response says, as the whole value, what the request said in the field of the same
 * name: they are for the one who asked, and for nobody who comes later. In lower case.
 * @param names the request fields that select what is stored: what they say is said to those who said it too
 */
export function echoedIds(
  request: Headers,
  response: Headers,
  names: readonly string[],
): readonly string[] {
  return [...response]
    .filter(([name, value]) => isExchangeId(name) && request.get(name) === value)
    .map(([name]) => name)
    .filter((name) => !names.includes(name));
}
