import type { IForbiddenRuleType } from 'dependency-cruiser';
import type { SourceFile } from './sources.ts';

/** The files of src/ that stand above every room: the deployed entry, its app, and the two library doors. */
export const topFiles = ['worker', 'app', 'index', 'hono'] as const;

/** The rooms of src/, highest layer first. A room sees the layers below its own; rooms of one layer do not see each other. */
export const layers: readonly (readonly string[])[] = [
  ['routes'],
  ['config', 'access', 'reporting', 'recipes', 'warming'],
  ['gateway', 'cache'],
  ['invalidation'],
  ['engine'],
  ['coherence'],
  ['authority', 'tiers'],
  ['codec'],
  ['http', 'tenant', 'telemetry', 'resilience'],
];

/** The files of src/ below every room, open to all of them. */
export const bottomFiles = ['errors', 'runtime', 'platform'] as const;

/** Packages that only some places may know, so that the rest does not depend on them. */
export const packageOwners: Readonly<Record<string, readonly string[]>> = {
  hono: ['routes/', 'app.ts', 'hono.ts'],
  '@upstash/redis': ['authority/redis'],
};

export const maxLines = 300;

/** The import rule in the form of dependency-cruiser, for a tree whose sources are under src/. */
export function importRules(): IForbiddenRuleType[] {
  return [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^cloudflare:' },
    },
    {
      name: 'platform-modules',
      severity: 'error',
      from: { path: '^src/', pathNot: files(['platform']) },
      to: { path: '^cloudflare:' },
    },
    {
      name: 'src-alone',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(dev|test|bench|k6)/' },
    },
    {
      name: 'bottom',
      severity: 'error',
      from: { path: files(bottomFiles) },
      to: { path: '^src/', pathNot: files(bottomFiles) },
    },
    ...layers.flatMap((layer, index) => layer.map((room) => roomRule(room, index))),
    ...Object.entries(packageOwners).map(([name, owners]) => ownerRule(name, owners)),
  ];
}

function roomRule(room: string, layer: number): IForbiddenRuleType {
  const visible = [room, ...layers.slice(layer + 1).flat()];
  return {
    name: `room-${room}`,
    severity: 'error',
    from: { path: `^src/${room}/` },
    to: { path: '^src/', pathNot: [`^src/(${visible.join('|')})/`, files(bottomFiles)] },
  };
}

function ownerRule(name: string, owners: readonly string[]): IForbiddenRuleType {
  return {
    name: `package-${name}`,
    severity: 'error',
    from: { path: '^src/', pathNot: owners.map((owner) => `^src/${owner.replace('.', '\\.')}`) },
    to: { path: `(^|/)node_modules/${name}/` },
  };
}

function files(names: readonly string[]): string {
  return `^src/(${names.join('|')})\\.ts$`;
}

/** The room or top-level file a path under src/ belongs to: `src/engine/fill.ts` is `engine`, `src/app.ts` is `app`. */
export function roomOf(path: string): string {
  const [first = ''] = path.replace(/^src\//, '').split('/');
  return first.replace(/\.ts$/, '');
}

/** What is wrong with where files stand and how long they are. */
export function misplaced(sources: readonly SourceFile[]): string[] {
  const rooms = new Set(layers.flat());
  const top = new Set<string>([...topFiles, ...bottomFiles]);
  return sources.flatMap(({ path, lines }) => {
    const problems: string[] = [];
    const inRoom = path.split('/').length > 2;
    const name = path.split('/').at(-1);
    if (inRoom && !rooms.has(roomOf(path)))
      problems.push(`${path}: src/${roomOf(path)}/ is no room`);
    if (!inRoom && !top.has(roomOf(path))) problems.push(`${path}: not a top-level file of src/`);
    if (inRoom && name === 'index.ts') problems.push(`${path}: index.ts is only for src/index.ts`);
    if (/(^|[-/])utils?([-./]|$)/.test(path))
      problems.push(`${path}: named utils, not for what it does`);
    if (lines > maxLines) problems.push(`${path}: ${lines} lines, ${maxLines} are allowed`);
    return problems;
  });
}
