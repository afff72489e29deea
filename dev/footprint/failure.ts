/** Nothing could be measured; the message is one sentence. */
export class FootprintFailed extends Error {
  override readonly name = 'FootprintFailed';
}
