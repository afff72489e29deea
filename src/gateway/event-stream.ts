const EVENT_STREAM = 'text/event-stream';

/** True for what a browser's EventSource sends: the answer may never end, so that nobody else can wait for it. */
export function asksForEvents({ headers }: Request): boolean {
  return mediaType(headers.get('accept')) === EVENT_STREAM;
}

/** True for a stream of server-sent events, which is passed on event by event, and stored nowhere. */
export function isEventStream({ headers }: Pick<Response, 'headers'>): boolean {
  return mediaType(headers.get('content-type')) === EVENT_STREAM;
}

/** Of a field with one member; parameters do not count. */
function mediaType(field: string | null): string | undefined {
  return field?.split(';', 1)[0]?.trim().toLowerCase();
}
