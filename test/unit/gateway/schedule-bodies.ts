import type { Shape } from './schedule-plan.ts';

/** Whose answer it is: `*` for what makes no difference, `-` for a field that was not sent. */
export interface Rendered {
  readonly resource: number;
  readonly version: number;
  readonly a: string;
  readonly b: string;
  /** The cookie, where it selects. */
  readonly c: string;
  /** The reader whose own it is. */
  readonly p: string;
}

/** As long as every record of a body is, so that any part of one tells what it is of. */
export const RECORD = 21;

/** What a resource answers a request with. */
export function render(
  resource: number,
  version: number,
  shape: Shape,
  headers: Headers,
): { readonly rendered: Rendered; readonly names: readonly string[] } {
  const a = headers.get('x-a');
  const more = shape.more && a === '0' && shape.names.includes('x-a');
  const names = [...new Set([...shape.names, ...(more ? ['x-b'] : [])])];
  const by = (name: string): string => (names.includes(name) ? (headers.get(name) ?? '-') : '*');
  const reader = headers.get('cookie');
  const p = shape.personal !== 'no' && reader !== null ? reader : '*';
  return {
    rendered: { resource, version, a: by('x-a'), b: by('x-b'), c: by('cookie'), p },
    names,
  };
}

export function nameOf({ resource, version, a, b, c, p }: Rendered): string {
  return `r${resource}v${String(version).padStart(4, '0')} a${a}b${b}c${c}p${p}`;
}

/** Longer with every version, so that no length is that of another one. */
export function bodyOf(rendered: Rendered): string {
  return `[${nameOf(rendered)}]....`.slice(0, RECORD).repeat(6 + rendered.version);
}

const NAME = /r(\d)v(\d{4}) a(.)b(.)c(.)p(.)/;

export function parseName(text: string): Rendered | undefined {
  const match = NAME.exec(text);
  if (!match) return undefined;
  const [, resource, version, a = '', b = '', c = '', p = ''] = match;
  return { resource: Number(resource), version: Number(version), a, b, c, p };
}

/** What a body, or a part of one from `first` on, is of: undefined when that is not one thing, or is cut. */
export function parseBody(body: string, first: number): Rendered | undefined {
  const rendered = parseName(body + body);
  if (!rendered) return undefined;
  const whole = bodyOf(rendered);
  return whole.slice(first, first + body.length) === body ? rendered : undefined;
}
