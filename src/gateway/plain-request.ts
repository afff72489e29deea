import { isOrdinaryField } from './ordinary-fields.ts';
import { hasMarkup, isOrdinaryLanguage, isOrdinaryValue } from './ordinary-words.ts';

/** By which an origin chooses what it answers, or how it reads a request. */
const CHOOSING: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'access-control-request-method',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-type',
  'dnt',
  'pragma',
  'priority',
  'purpose',
  'save-data',
  'sec-gpc',
  'sec-purpose',
  'upgrade-insecure-requests',
  'x-requested-with',
]);

/** More than this is said by no ordinary client in one field without a name of its own for somebody. */
const LONGEST = 1024;

/**
 * True for a request that has nothing but what ordinary clients send, and says in it what they say: any error may be what a
 * field has caused that an origin stumbles over, be it a media type or markup in the name of a browser.
 */
export function isPlain({ headers }: Pick<Request, 'headers'>): boolean {
  for (const [name, value] of headers)
    if (!isOrdinaryField(name) || value.length > LONGEST || !saysWhatOthersSay(name, value))
      return false;
  return true;
}

function saysWhatOthersSay(name: string, value: string): boolean {
  const members = value.split(',').map((member) => member.trim());
  if (name === 'accept-language') return members.every(isWeightedLanguage);
  if (CHOOSING.has(name) || name.startsWith('sec-fetch-'))
    return members.every((member) => isOrdinaryValue(member));
  // Versions, models and brands, of which there are new ones each day.
  if (name.startsWith('sec-ch-')) return /^[\w .;:="?()/,~-]*$/.test(value);
  return isNotForOrigins(name) || !hasMarkup(value);
}

/** What reaches none where its answer is for others, or is made of what has been checked. */
function isNotForOrigins(name: string): boolean {
  return name.startsWith('if-') || name.startsWith('cf-') || name === 'cdn-loop';
}

function isWeightedLanguage(member: string): boolean {
  const [language = '', weight = 'q=1', ...more] = member.split(';').map((part) => part.trim());
  return more.length === 0 && /^q=[0-9.]{1,5}$/i.test(weight) && isOrdinaryLanguage(language);
}
