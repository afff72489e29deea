const FORM = /canary-(\d{7})-y/gi;

/** What an attack puts into its request, so that it is known wherever it comes out again. */
export function canaryOf(number: number): string {
  return `canary-${String(number % 10_000_000).padStart(7, '0')}-y`;
}

/** Every canary in a text, by its number. */
export function canariesIn(text: string): ReadonlySet<number> {
  return new Set([...text.matchAll(FORM)].map(([, digits]) => Number(digits)));
}
