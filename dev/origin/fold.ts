/** Letters that Unicode does not decompose, as people type them on a keyboard without them. */
const plainLetters: Readonly<Record<string, string>> = {
  æ: 'ae',
  ð: 'd',
  ø: 'o',
  þ: 'th',
  đ: 'd',
  ı: 'i',
  ł: 'l',
  ŋ: 'n',
  œ: 'oe',
  ß: 'ss',
  ə: 'e',
  '–': '-',
  '‘': "'",
  '’': "'",
  '`': "'",
  ʻ: "'",
};

/**
 * A name as it is searched: lower case, without diacritics, single spaces. `Łódź` and `lodz` fold to the same text,
 * so that a prefix search finds either by the other.
 */
export function fold(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{ASCII}]/gu, (letter) => plainLetters[letter] ?? letter)
    .replace(/\s+/g, ' ')
    .trim();
}
