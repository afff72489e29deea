import { parseEnv } from 'node:util';

/** The text of an env file that has these variables. */
export function envFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join('');
}

/** The variables that the text of an env file sets; of two settings of one name the last. */
export function readEnvFile(text: string): ReadonlyMap<string, string> {
  return new Map(
    settings(text).map(([name, value]) => [name, parseEnv(`V=${value}`)['V'] ?? ''] as const),
  );
}

/** Name and value, as it stands there. A quoted value may run over several lines. */
function settings(text: string): [name: string, value: string][] {
  const found = text.matchAll(
    /^[^\n\S]*(?:export\s+)?([\w.-]+)[^\n\S]*[=:][^\n\S]*('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^\n]*)/gm,
  );
  return [...found].map(([, name = '', value = '']) => [name, value]);
}

/** Single quotes keep everything literal but themselves; `$` would be expanded even inside them. */
function quote(value: string): string {
  return `'${value.replace(/['$]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
}
