/** Whether a text may be a tag. Control characters are kept for what is purged by other names than a tag's: an origin's groups. */
export function isTagText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}
