import { InvalidFrame } from '../errors.ts';
import type { EntryDraft } from './entry.ts';

/** What an entry says about its content, its hash included: compressed and encrypted along with the value. */
export type Description = Pick<EntryDraft, 'etag' | 'form'>;

type Stored =
  | [etag: string | null, status: number, headers: readonly (readonly [string, string])[]]
  | [etag: string | null, contentType: string];

/** A description as JSON text. */
export function serializeForm({ etag, form }: Description): string {
  const stored: Stored =
    form.type === 'http'
      ? [etag ?? null, form.status, form.headers]
      : [etag ?? null, form.contentType];
  return JSON.stringify(stored);
}

/** Reads a description back. Throws {@link InvalidFrame} on anything that {@link serializeForm} does not write. */
export function parseForm(text: string): Description {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    throw new InvalidFrame('metadata', { cause });
  }
  if (!Array.isArray(stored)) throw new InvalidFrame('metadata');
  const fields: readonly unknown[] = stored;
  const [tag, kind, headers] = fields;
  if (tag !== null && typeof tag !== 'string') throw new InvalidFrame('metadata');
  const etag = tag ?? undefined;
  if (typeof kind === 'string' && fields.length === 2)
    return { etag, form: { type: 'value', contentType: kind } };
  if (typeof kind !== 'number' || fields.length !== 3) throw new InvalidFrame('metadata');
  if (!Number.isInteger(kind) || kind < 200 || kind > 599) throw new InvalidFrame('metadata');
  return { etag, form: { type: 'http', status: kind, headers: parseHeaders(headers) } };
}

function parseHeaders(headers: unknown): (readonly [string, string])[] {
  if (!Array.isArray(headers)) throw new InvalidFrame('metadata');
  const list: readonly unknown[] = headers;
  return list.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new InvalidFrame('metadata');
    const fields: readonly unknown[] = pair;
    const [name, value] = fields;
    if (typeof name !== 'string' || typeof value !== 'string') throw new InvalidFrame('metadata');
    return [name, value] as const;
  });
}
