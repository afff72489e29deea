import type { EntryDraft } from '../codec/entry.ts';
import type { Exchange } from './exchange.ts';
import { headersOf } from './http-entry.ts';
import { unkeyedWords } from './reflection.ts';
import { cutsAWord, repeats } from './repetition.ts';
import { CONDITIONAL_HEADERS, originHeaders } from './request-headers.ts';

const NO_BYTES = new Uint8Array(0);

/**
 * True for a response that repeats what its request said in fields that are no part of the key: it may be meant for the one
 * who asked, or for those who come later. It is answered, and neither stored nor shared.
 * @param names the request fields that select what is stored
 * @param draft as it would be stored
 * @param from `fields`: the bytes came earlier, to another request; `part`: they are a part of what was asked for
 */
export function isReflected(
  { request, url, tenant }: Pick<Exchange, 'request' | 'url' | 'tenant'>,
  names: readonly string[],
  draft: EntryDraft,
  from: 'all' | 'fields' | 'part' = 'all',
): boolean {
  const headers = headersOf(draft);
  // `*` is no word, and any page's to read: nobody but the one who asked has said that it may be.
  const allowed = headers.get('access-control-allow-origin');
  if (allowed !== null && !names.includes('origin') && allowed === request.headers.get('origin'))
    return true;
  const sent = originHeaders(request, url, { conditions: 'as-sent' });
  leaveOutAnswered(sent, headers);
  const words = unkeyedWords(sent, { url, hosts: tenant.hosts, names });
  if (words === 'too-many') return true;
  // Whoever chooses tags chooses what purges them.
  for (const tag of draft.tags) headers.append('cache-tag', tag.replaceAll('\n', ' '));
  if (from === 'part' && cutsAWord(words, headers, draft.value)) return true;
  return repeats(words, headers, from === 'fields' ? NO_BYTES : draft.value);
}

/** What a response answers by its nature: the tag that is its own, and the type of JSON that was asked for. */
function leaveOutAnswered(sent: Headers, response: Headers): void {
  const etag = response.get('etag')?.replace(/^W\//, '');
  for (const name of etag ? CONDITIONAL_HEADERS : []) {
    const value = sent.get(name);
    if (etag && value !== null) sent.set(name, value.replaceAll(etag, ''));
  }
  const type = response.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  const accept = sent.get('accept');
  if (accept === null || !type || !/^application\/[\w.+-]*json$/.test(type)) return;
  const others = accept
    .split(',')
    .filter((range) => range.split(';')[0]?.trim().toLowerCase() !== type);
  sent.set('accept', others.join(','));
}
