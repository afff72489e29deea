import * as z from 'zod';

/** The largest body of a message, in bytes. */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** The most events of one message. */
export const MAX_EVENTS = 1000;
/** The longest type or id of an event, in characters. */
const MAX_NAME = 256;
/** So many problems are told; who sends a batch in another format has a thousand. */
const MAX_PROBLEMS = 100;

/** Something that happened in the application: `{ type: 'city.updated', data: { id: 7 } }`. */
export interface DomainEvent<Data = unknown> {
  /** Says in the outcomes which event is meant. 1 to 256 characters. */
  readonly id?: string | undefined;
  /** What rules are found by, exactly. 1 to 256 characters. */
  readonly type: string;
  /** What rules take their targets from. */
  readonly data?: Data | undefined;
  /** When it happened. Nothing is ordered by it. */
  readonly time?: string | undefined;
  /** Whose it is. A sender that speaks for every tenant has to say it. */
  readonly tenant?: string | undefined;
}

/** The events of a message, or everything that is wrong with them. No problem holds what was sent. */
export type ParsedEvents =
  | { readonly events: readonly DomainEvent[] }
  | { readonly problems: readonly string[] };

const name = z
  .string({ error: `must be a text of 1 to ${MAX_NAME} characters` })
  .min(1, 'must not be empty')
  .max(MAX_NAME, `must have at most ${MAX_NAME} characters`);

// CloudEvents writes an attribute that is not there as null, too.
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** Attributes of CloudEvents 1.0 that say nothing here are ignored, and so are all others. */
const event = z.object(
  {
    id: optional(name),
    type: name,
    data: z.unknown().optional(),
    time: optional(name),
    tenant: optional(name),
  },
  { error: 'must be an event: an object with a type' },
);

/**
 * Reads one domain event, or a list of 1 to 1,000, out of parsed JSON. The shape is that of CloudEvents 1.0 in its JSON
 * format (event or batch), of which only `type` is needed.
 */
export function parseEvents(value: unknown): ParsedEvents {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > MAX_EVENTS)
    return {
      problems: [`body: must hold 1 to ${MAX_EVENTS} events, and holds ${list.length}`],
    };
  const events: DomainEvent[] = [];
  const problems: string[] = [];
  list.forEach((item, at) => {
    const parsed = event.safeParse(item);
    if (parsed.success) {
      events.push(parsed.data);
      return;
    }
    for (const issue of parsed.error.issues) {
      const place = [...(Array.isArray(value) ? [at] : []), ...issue.path].map(String).join('.');
      problems.push(`${place || 'body'}: ${issue.message}`);
    }
  });
  if (problems.length === 0) return { events };
  const more = problems.length - MAX_PROBLEMS;
  return {
    problems: more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems,
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** As {@link parseEvents}, out of the bytes of a body. */
export function parseEventBody(body: Uint8Array): ParsedEvents {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(body));
  } catch {
    return { problems: ['body: is not valid JSON'] };
  }
  return parseEvents(value);
}
