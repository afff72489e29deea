/** The suite could not be run to its end; the message is one sentence, with the last lines of a part that died below it. */
export class ConformanceFailed extends Error {
  override readonly name = 'ConformanceFailed';
}
