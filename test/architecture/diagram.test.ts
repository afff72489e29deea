import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { drawRooms, withDiagram } from '../../dev/checks/mermaid.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('docs/architecture.md shows the present imports', () => {
  const { status, stderr } = spawnSync('node', ['dev/diagram.ts', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test('the diagram has the rooms by layer and leaves out what a longer path shows', () => {
  const edge = (from: string, to: string): { from: string; to: string } => ({ from, to });
  const drawn = drawRooms({
    files: [
      'src/worker.ts',
      'src/engine/fill.ts',
      'src/engine/lookup.ts',
      'src/tiers/memory.ts',
      'src/errors.ts',
    ],
    edges: [
      edge('src/worker.ts', 'src/engine/lookup.ts'),
      edge('src/worker.ts', 'src/tiers/memory.ts'),
      edge('src/engine/lookup.ts', 'src/engine/fill.ts'),
      edge('src/engine/lookup.ts', 'src/tiers/memory.ts'),
      edge('src/tiers/memory.ts', 'src/errors.ts'),
    ],
  });
  expect(drawn.split('\n').map((line) => line.trim())).toEqual([
    'flowchart TD',
    'subgraph layer0[" "]',
    'worker["worker.ts"]',
    'end',
    'subgraph layer5[" "]',
    'engine["engine/"]',
    'end',
    'subgraph layer7[" "]',
    'tiers["tiers/"]',
    'end',
    'engine --> tiers',
    'worker --> engine',
  ]);
});

test('a page gets the diagram between its markers, and one without markers is refused', () => {
  const page =
    'before\n<!-- diagram:start: by npm run diagram -->\nold\n<!-- diagram:end -->\nafter\n';
  const drawn = withDiagram(page, 'flowchart TD');
  expect(drawn).toContain('```mermaid\nflowchart TD\n```');
  expect(drawn).not.toContain('old');
  expect(withDiagram(drawn, 'flowchart TD')).toBe(drawn);
  expect(() => withDiagram('no markers', 'flowchart TD')).toThrow('markers');
});
