/** The run could not be made; the message is one sentence. */
export class FuzzFailed extends Error {
  override readonly name = 'FuzzFailed';
}
