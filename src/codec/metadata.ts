import { InvalidFrame } from '../errors.ts';
import type { EntryDraft, EntryForm } from './entry.ts';

/** An entry's metadata, all of it but the value and the stamp. */
export type Metadata = Omit<EntryDraft, 'value'>;

/** The stored shape: an array, because names would cost more bytes than most values of them. */
type Stored = [
  createdAt: number,
  freshUntil: number,
  staleUntil: number,
  expiresAt: number,
  loadMs: number,
  etag: string | null,
  tags: string[],
  form: [status: number, headers: [string, string][]] | string,
];

/** Metadata as JSON text. */
export function serializeMetadata(entry: Metadata): string {
  const { form } = entry;
  const stored: Stored = [
    entry.createdAt,
    entry.freshUntil,
    entry.staleUntil,
    entry.expiresAt,
    entry.loadMs,
    entry.etag ?? null,
    [...entry.tags],
    form.type === 'http'
      ? [form.status, form.headers.map(([name, value]) => [name, value])]
      : form.contentType,
  ];
  return JSON.stringify(stored);
}

/** Reads metadata back. Throws {@link InvalidFrame} on anything that {@link serializeMetadata} does not write. */
export function parseMetadata(text: string): Metadata {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    throw new InvalidFrame('metadata', { cause });
  }
  if (!Array.isArray(stored) || stored.length !== 8) throw new InvalidFrame('metadata');
  const fields: readonly unknown[] = stored;
  const [createdAt, freshUntil, staleUntil, expiresAt, loadMs, etag, tags, form] = fields;
  if (
    !isTime(createdAt) ||
    !isTime(freshUntil) ||
    !isTime(staleUntil) ||
    !isTime(expiresAt) ||
    !isTime(loadMs)
  ) {
    throw new InvalidFrame('metadata');
  }
  if (etag !== null && typeof etag !== 'string') throw new InvalidFrame('metadata');
  if (!isStrings(tags)) throw new InvalidFrame('metadata');
  return {
    createdAt,
    freshUntil,
    staleUntil,
    expiresAt,
    loadMs,
    etag: etag ?? undefined,
    tags,
    form: parseForm(form),
  };
}

function parseForm(form: unknown): EntryForm {
  if (typeof form === 'string') return { type: 'value', contentType: form };
  if (!Array.isArray(form) || form.length !== 2) throw new InvalidFrame('metadata');
  const fields: readonly unknown[] = form;
  const [status, headers] = fields;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    throw new InvalidFrame('metadata');
  if (!Array.isArray(headers)) throw new InvalidFrame('metadata');
  const list: readonly unknown[] = headers;
  return {
    type: 'http',
    status,
    headers: list.map((pair) => {
      if (!isStrings(pair)) throw new InvalidFrame('metadata');
      const [name, value] = pair;
      if (name === undefined || value === undefined || pair.length !== 2)
        throw new InvalidFrame('metadata');
      return [name, value] as const;
    }),
  };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
