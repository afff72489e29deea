export const languages = ['en', 'de', 'fr', 'es'] as const;
export type Language = (typeof languages)[number];

const displayNames = new Map(
  languages.map((language) => [language, new Intl.DisplayNames([language], { type: 'region' })]),
);

/** The name of a country (ISO 3166-1 alpha-2) in a language; its code where the platform knows no name. */
export function countryName(code: string, language: Language): string {
  return displayNames.get(language)?.of(code) ?? code;
}

/** The best supported language for an Accept-Language field (RFC 4647 lookup); English when nothing fits. */
export function negotiateLanguage(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((member) => {
      const [range = '', ...parameters] = member.split(';').map((part) => part.trim());
      const q = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2);
      return {
        language: range.toLowerCase().split('-')[0],
        quality: q === undefined ? 1 : Number(q),
      };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  for (const { language } of wanted) {
    if (language === '*') return 'en';
    const supported = languages.find((candidate) => candidate === language);
    if (supported !== undefined) return supported;
  }
  return 'en';
}
