/** A command line that cannot be followed: one sentence for the person who typed it. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}
