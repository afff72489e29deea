// Some clients put the whole command, value included, into the message of an error.
const MAX_MESSAGE = 200;

/** What an event says of an error: name and message, cut short. */
export function described(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}...` : text;
}
