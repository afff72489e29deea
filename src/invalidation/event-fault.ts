/**
 * Why an event can't be turned into targets. Its message is one sentence that holds nothing of the event's data. It is not
 * exported to users, so that no rule of theirs can throw one with a message of its own.
 */
export class EventFault extends Error {
  override readonly name = 'EventFault';
}
