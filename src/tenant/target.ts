/**
 * What a purge names inside a tenant: one key, every entry with a tag, every key below a prefix on a segment
 * boundary, or the whole tenant. The text is the ledger's own (see docs/architecture.md).
 */
export type Target = `k:${string}` | `t:${string}` | `p:${string}` | '*';

/** `hard`: never served again. `soft`: stale, may be served while it is refreshed or the origin is down. */
export type PurgeMode = 'hard' | 'soft';

export const TENANT_TARGET = '*';
export const keyTarget = (key: string): Target => `k:${key}`;
export const tagTarget = (tag: string): Target => `t:${tag}`;
export const prefixTarget = (prefix: string): Target => `p:${prefix}`;

/** True when the text is a target. Lenient about what it names: a reader must never refuse what a script has written. */
export function isTarget(text: string): text is Target {
  return text === TENANT_TARGET || /^[ktp]:/.test(text);
}

/** The keys whose entries a purge unlinks from the authority: those that it names, when it is hard. */
export function unlinkedBy(targets: readonly Target[], mode: PurgeMode): string[] {
  return mode === 'hard'
    ? targets.filter((target) => target.startsWith('k:')).map((target) => target.slice(2))
    : [];
}
