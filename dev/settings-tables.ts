import { PRESET_NAMES } from '../src/config/config.ts';
import {
  DESCRIPTIONS,
  NAMESPACE_DESCRIPTIONS,
  PRESET_PURPOSES,
  REASONS,
  WORKER_DESCRIPTIONS,
} from '../src/config/descriptions.ts';
import { ofPreset, presetKind } from '../src/config/engine-settings.ts';
import type { Kind } from '../src/config/kinds.ts';
import { namespaceFields, sharing } from '../src/config/namespaces.ts';
import { PRESETS, DEFAULT_PRESET, type PresetValues } from '../src/config/presets.ts';
import {
  life,
  optionName,
  SETTING_IDS,
  setting,
  SETTINGS,
  variableName,
  type SettingId,
} from '../src/config/settings.ts';
import { WORKER_SETTINGS } from '../src/config/worker-settings.ts';

type Row = readonly string[];

/** Every variable of the deployed Worker, with the option of the library that says the same. */
export function variablesTable(): string {
  const engine = SETTING_IDS.map((id) => {
    const { kind, secret } = setting(id);
    const name = code(variableName(id)) + (secret ? ' (secret)' : '');
    return [name, code(optionName(id)), defaultOf(id), words(kind), DESCRIPTIONS[id]];
  });
  const worker = (Object.keys(WORKER_SETTINGS) as (keyof typeof WORKER_SETTINGS)[]).map((name) => {
    const { kind, fallback }: { kind: Kind<unknown, unknown>; fallback: unknown } =
      WORKER_SETTINGS[name];
    const byPreset = name === 'CACHE_PRIVATE_ORIGINS';
    const shown = byPreset
      ? 'by preset'
      : fallback === undefined
        ? 'none'
        : code(kind.show(fallback));
    return [code(name), '', shown, words(kind), WORKER_DESCRIPTIONS[name]];
  });
  return table(
    ['Variable', 'Option', 'Default', 'Allowed', 'What it does'],
    [
      [
        code('CACHE_PRESET'),
        code('preset'),
        code(DEFAULT_PRESET),
        words(presetKind),
        'the values of all others, see [below](#presets)',
      ],
      ...engine,
      [code('TENANTS'), '', 'the list in `tenants.json`', 'JSON list', WORKER_DESCRIPTIONS.TENANTS],
      [
        `${code('CREDENTIALS')} (secret)`,
        '',
        'none: no token is accepted',
        'JSON list of `{ "id", "sha256", "tenant", "scopes" }`',
        WORKER_DESCRIPTIONS.CREDENTIALS,
      ],
      [
        `${code('EVENT_SECRETS')} (secret)`,
        '',
        'none: no event is accepted',
        'JSON list of `{ "id", "tenant", "secret" }`',
        WORKER_DESCRIPTIONS.EVENT_SECRETS,
      ],
      ...worker,
    ],
  );
}

/** What each preset is for. */
export function purposesTable(): string {
  return table(
    ['Preset', 'What it is for'],
    PRESET_NAMES.map((name) => [code(name), PRESET_PURPOSES[name]]),
  );
}

/** The values of all presets, where they differ, and why. */
export function presetsTable(): string {
  const needs = { none: 'none', configured: 'if configured', needed: 'needed' };
  const differing = SETTING_IDS.filter(isPreset).filter((id) => shownIn(id).size > 1);
  return table(
    ['', ...PRESET_NAMES.map(code)],
    [
      ['Redis', ...PRESET_NAMES.map((name) => needs[PRESETS[name].redis])],
      [
        'Encryption',
        ...PRESET_NAMES.map((name) =>
          PRESETS[name].redis === 'none' ? 'none' : PRESETS[name].encryption,
        ),
      ],
      ['Private origins', ...PRESET_NAMES.map((name) => PRESETS[name].privateOrigins)],
      ...differing.map((id) => [
        code(optionName(id)),
        ...PRESET_NAMES.map((name) => valueIn(name, id)),
      ]),
    ],
  );
}

/** Why the presets differ as they do. */
export function reasonsTable(): string {
  return table(
    ['Setting', 'Why'],
    SETTING_IDS.flatMap((id) => {
      const reason = REASONS[id];
      return reason === undefined ? [] : [[code(optionName(id)), reason]];
    }),
  );
}

/** The settings of a namespace. */
export function namespacesTable(): string {
  const own: Readonly<Record<keyof typeof NAMESPACE_DESCRIPTIONS, Row>> = {
    ttl: [code('defaultTtl'), words(life)],
    maxLife: [code('maxTtl'), words(life)],
    tiers: ['as long as the tier keeps any', `each ${words(life)}`],
    version: ['`1`', words(SETTINGS.keyVersion.kind)],
    sharing: ['`frozen`', words(sharing)],
    tags: ['none', 'a function of value and key'],
    schema: ['none', 'a [Standard Schema](https://standardschema.dev)'],
    migrate: ['none', 'a function of the stored value'],
    serializer: [
      'keeps Date, Map, Set, BigInt, typed arrays',
      'an object with `serialize` and `deserialize`',
    ],
  };
  const inherited = SETTING_IDS.filter((id) => Object.hasOwn(namespaceFields.shape, id));
  return table(
    ['Setting', 'Default', 'Allowed', 'What it does'],
    [
      ...(Object.keys(own) as (keyof typeof own)[]).map((name) => [
        code(name),
        ...own[name],
        NAMESPACE_DESCRIPTIONS[name],
      ]),
      ...inherited.map((id) => [code(id), 'that of the cache', optionWords(id), DESCRIPTIONS[id]]),
    ],
  );
}

/** Every table by the name of its markers. */
export const TABLES: Readonly<Record<string, () => string>> = {
  variables: variablesTable,
  'preset-purposes': purposesTable,
  'preset-values': presetsTable,
  'preset-reasons': reasonsTable,
  namespaces: namespacesTable,
};

/** Writes every table between its markers. Throws when the page lacks the markers of one. */
export function withTables(page: string, tables = TABLES): string {
  let written = page;
  for (const [name, render] of Object.entries(tables)) {
    const block = new RegExp(`(<!-- ${name}:start[^>]*-->\\n)[\\s\\S]*?(\\n?<!-- ${name}:end -->)`);
    if (!block.test(written))
      throw new Error(`The page has no <!-- ${name}:start --> and <!-- ${name}:end --> markers.`);
    written = written.replace(
      block,
      (_, start: string) => `${start}\n${render()}\n\n<!-- ${name}:end -->`,
    );
  }
  return written;
}

function isPreset(id: SettingId): id is keyof PresetValues {
  return id !== 'redisUrl' && id !== 'redisToken';
}

function valueIn(name: (typeof PRESET_NAMES)[number], id: keyof PresetValues): string {
  return setting(id).kind.show(ofPreset(PRESETS[name], id));
}

function shownIn(id: keyof PresetValues): Set<string> {
  return new Set(PRESET_NAMES.map((name) => valueIn(name, id)));
}

function defaultOf(id: SettingId): string {
  if (id === 'redisUrl' || id === 'redisToken') return 'none; needed by most presets';
  if (id === 'encryptionKeys') return 'none; needed by the presets of production';
  const [value = '', ...others] = shownIn(id);
  return others.length === 0 ? code(value) : 'by preset';
}

/** What is allowed, with the words that are typed marked as such. */
export function words({ allowed }: { readonly allowed: string }): string {
  const [, list] = /^one of (.*)$/.exec(allowed) ?? [];
  const marked = list === undefined ? allowed : list.split(', ').map(code).join(', ');
  return marked
    .replace(' (milliseconds, or a whole number with ms, s, m, h or d)', '')
    .replace(' (bytes, or a whole number with B, KB, MB, KiB or MiB)', '')
    .replace(/(?<!`)\boff\b(?!`)/, '`off`')
    .replace(/^on or/, '`on` or')
    .replace('id:base64', '`id:base64`');
}

function optionWords(id: SettingId): string {
  return words(setting(id).kind)
    .replace('`on` or `off`', '`true` or `false`')
    .replace('or `off`', 'or `false`');
}

/** A word as it is typed. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A table of Markdown. */
export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
