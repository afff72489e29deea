import { InvalidFrame } from '../errors.ts';
import type { EntryDraft } from './entry.ts';

/** An entry's metadata: what decides whether and for how long it is used. It stays readable where frames are encrypted. */
export type Metadata = Omit<EntryDraft, 'value' | 'form' | 'etag'>;

/** The stored shape: an array, because names would cost more bytes than most values of them. */
type Stored = [
  createdAt: number,
  freshUntil: number,
  staleUntil: number,
  staleIfErrorUntil: number,
  expiresAt: number,
  lifeUntil: number,
  loadMs: number,
  tags: readonly string[],
];

/** Metadata as JSON text. Times are finite. */
export function serializeMetadata(entry: Metadata): string {
  const stored: Stored = [
    entry.createdAt,
    entry.freshUntil,
    entry.staleUntil,
    entry.staleIfErrorUntil,
    entry.expiresAt,
    entry.lifeUntil,
    entry.loadMs,
    entry.tags,
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
  const [createdAt, freshUntil, staleUntil, staleIfErrorUntil, expiresAt, lifeUntil, loadMs, tags] =
    fields;
  if (
    !isTime(createdAt) ||
    !isTime(freshUntil) ||
    !isTime(staleUntil) ||
    !isTime(staleIfErrorUntil) ||
    !isTime(expiresAt) ||
    !isTime(lifeUntil) ||
    !isTime(loadMs)
  ) {
    throw new InvalidFrame('metadata');
  }
  if (!isStrings(tags)) throw new InvalidFrame('metadata');
  // Callers see this list, and purges go by it.
  Object.freeze(tags);
  return {
    createdAt,
    freshUntil,
    staleUntil,
    staleIfErrorUntil,
    expiresAt,
    lifeUntil,
    loadMs,
    tags,
  };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
