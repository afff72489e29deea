import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readImports } from '../../dev/checks/imports.ts';
import { misplaced } from '../../dev/checks/rooms.ts';
import { listSources } from '../../dev/checks/sources.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures/imports', import.meta.url));

test('every file of src/ imports only what the import rule allows', async () => {
  const report = await readImports(root);
  expect(report.violations).toEqual([]);
  expect(report.files).toEqual(listSources(root).map((file) => file.path));
  expect(report.files.length).toBeGreaterThan(0);
  expect(report.edges.length).toBeGreaterThan(0);
});

test('every file of src/ stands in a known place, under its own name, and is short', () => {
  expect(misplaced(listSources(root))).toEqual([]);
});

test('the import rule reports one forbidden import of each kind, and nothing else', async () => {
  const report = await readImports(fixtures);
  const found = report.violations.map(({ rule, from, to }) => {
    const target = to.includes('node_modules') ? 'package' : to;
    return `${rule}: ${from} > ${target}`;
  });
  expect(found.toSorted()).toEqual([
    'bottom: src/runtime.ts > src/coherence/marks.ts',
    'no-cycle: src/recipes/a.ts > src/recipes/b.ts',
    'package-@upstash/redis: src/cache/store.ts > package',
    'package-hono: src/gateway/respond.ts > package',
    'resolvable: src/engine/fill.ts > ./gone.ts',
    'room-access: src/access/scopes.ts > src/config/presets.ts',
    'room-authority: src/authority/contract.ts > src/tiers/memory.ts',
    'room-codec: src/codec/late.ts > src/gateway/respond.ts',
    'room-config: src/config/presets.ts > src/app.ts',
    'room-http: src/http/vary.ts > src/engine/lookup.ts',
    'room-tenant: src/tenant/key.ts > src/coherence/marks.ts',
    'room-tiers: src/tiers/memory.ts > src/engine/lookup.ts',
    'src-alone: src/engine/refresh.ts > dev/tool.ts',
  ]);
});

test('misplaced files are reported, each for its own reason', () => {
  const found = misplaced([
    { path: 'src/engine/lookup.ts', lines: 300 },
    { path: 'src/worker.ts', lines: 10 },
    { path: 'src/index.ts', lines: 10 },
    { path: 'src/helpers/lookup.ts', lines: 10 },
    { path: 'src/server.ts', lines: 10 },
    { path: 'src/engine/index.ts', lines: 10 },
    { path: 'src/engine/utils.ts', lines: 10 },
    { path: 'src/http/string-utils.ts', lines: 10 },
    { path: 'src/engine/fill.ts', lines: 301 },
  ]);
  expect(found).toEqual([
    'src/helpers/lookup.ts: src/helpers/ is no room',
    'src/server.ts: not a top-level file of src/',
    'src/engine/index.ts: index.ts is only for src/index.ts',
    'src/engine/utils.ts: named utils, not for what it does',
    'src/http/string-utils.ts: named utils, not for what it does',
    'src/engine/fill.ts: 301 lines, 300 are allowed',
  ]);
});
