import { CACHING_FIELDS } from '../src/config/cache-policy.ts';
import type { Field, Fields } from '../src/config/policy-fields.ts';
import { policyTime } from '../src/config/policy-times.ts';
import { quotas } from '../src/config/quotas.ts';
import { TENANT_DESCRIPTIONS, type OwnPlace } from '../src/config/tenant-descriptions.ts';
import { HOST_FORM } from '../src/config/tenant-list.ts';
import { DEFAULT_CACHE_POLICY, DEFAULT_QUOTAS } from '../src/tenant/policy.ts';
import { TENANT_ID_FORM } from '../src/tenant/tenant-id.ts';
import { code, table, words } from './settings-tables.ts';

const OWN: Readonly<Record<OwnPlace, readonly [fallback: string, allowed: string]>> = {
  id: ['must be there', TENANT_ID_FORM],
  hosts: ['must be there', `a list, each ${HOST_FORM}`],
  origin: ['must be there', 'https:// or http:// URL without query'],
  'warm.base': ['`https://{first host}`', 'https:// or http:// URL without query'],
  'warm.paths': ['none', 'a list of at most 1000 paths with their queries'],
  rules: ['none', 'a list of at most 1000 rules'],
  paths: ['none', 'a list of at most 100 rules'],
};

/** Every field of a tenant. */
export function tenantsTable(): string {
  const own = (Object.keys(OWN) as OwnPlace[]).map((place) => row(place, ...OWN[place], 'no'));
  return table(
    ['Field', 'Default', 'Allowed', 'In a path rule', 'What it does'],
    [
      ...own,
      ...rowsOf(CACHING_FIELDS, DEFAULT_CACHE_POLICY, 'yes'),
      ...rowsOf({ quotas }, { quotas: DEFAULT_QUOTAS }, 'no'),
    ],
  );
}

/** Every table of the tenants by the name of its markers. */
export const TENANT_TABLES: Readonly<Record<string, () => string>> = { tenants: tenantsTable };

type Row = readonly [string, string, string, string, string];

/** The rows of an object's fields: of a group one for each of its own. */
function rowsOf(fields: Fields, defaults: object, inRule: string, prefix = ''): readonly Row[] {
  return Object.entries(fields).flatMap(([name, field]): readonly Row[] => {
    const fallback: unknown = Reflect.get(defaults, name);
    const inner = innerFields(field);
    if (inner && typeof fallback === 'object' && fallback !== null)
      return rowsOf(inner, fallback, inRule, `${prefix}${name}.`);
    return [row(`${prefix}${name}`, defaultOf(field, fallback), allowedBy(field), inRule)];
  });
}

function row(place: string, fallback: string, allowed: string, inRule: string): Row {
  if (!isDescribed(place)) throw new Error(`${place} of a tenant has no description.`);
  return [code(place), fallback, allowed, inRule, TENANT_DESCRIPTIONS[place]];
}

function isDescribed(place: string): place is keyof typeof TENANT_DESCRIPTIONS {
  return Object.hasOwn(TENANT_DESCRIPTIONS, place);
}

function innerFields(field: Field): Fields | undefined {
  return 'fields' in field ? (field.fields as Fields) : undefined;
}

/** What counts where nothing is said. */
function defaultOf(field: Field, fallback: unknown): string {
  switch (typeof fallback) {
    case 'number':
      if (fallback === Infinity) return 'none';
      return code(field === policyTime ? policyTime.show(fallback) : String(fallback));
    case 'string':
    case 'boolean':
      return code(String(fallback));
    case 'object':
      return fallback !== null && 'drop' in fallback ? 'all of them' : 'none';
    default:
      return 'none';
  }
}

function allowedBy(field: Field): string {
  return words(field)
    .replaceAll(' (milliseconds, or a whole number with ms, s, m, h or d)', '')
    .replace('`on` or `off`', '`true` or `false`')
    .replace('either allow or drop', 'either `allow` or `drop`')
    .replace('; * at', '; `*` at')
    .replace(/^pass,/, '`pass`,');
}
