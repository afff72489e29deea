import type { ImportReport } from './imports.ts';
import { bottomFiles, layers, roomOf, topFiles } from './rooms.ts';

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** A mermaid flowchart of which room imports which, layer by layer. Imports that a longer path already shows are left out. */
export function drawRooms(report: Pick<ImportReport, 'files' | 'edges'>): string {
  const present = new Set(report.files.map(roomOf));
  const graph = reduce(roomGraph(report.edges));
  const lines = ['flowchart TD'];
  for (const [index, layer] of [topFiles, ...layers].entries()) {
    const members = layer.filter((room) => present.has(room));
    if (members.length === 0) continue;
    lines.push(`  subgraph layer${index}[" "]`);
    lines.push(
      ...members.map((room) => `    ${room}["${index === 0 ? `${room}.ts` : `${room}/`}"]`),
    );
    lines.push('  end');
  }
  for (const [from, targets] of graph) {
    for (const to of targets) lines.push(`  ${from} --> ${to}`);
  }
  return lines.join('\n');
}

/** Replaces what stands between the page's markers. Throws when the page has none. */
export function withDiagram(page: string, diagram: string): string {
  const block = /(<!-- diagram:start[^>]*-->\n)[\s\S]*?(\n<!-- diagram:end -->)/;
  if (!block.test(page)) {
    throw new Error('The page has no <!-- diagram:start --> and <!-- diagram:end --> markers.');
  }
  return page.replace(
    block,
    (_, start: string, end: string) => `${start}\n\`\`\`mermaid\n${diagram}\n\`\`\`\n${end}`,
  );
}

function roomGraph(edges: ImportReport['edges']): Graph {
  const everywhere = new Set<string>(bottomFiles);
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of edges) {
    const [source, target] = [roomOf(from), roomOf(to)];
    if (source === target || everywhere.has(source) || everywhere.has(target)) continue;
    graph.set(source, (graph.get(source) ?? new Set()).add(target));
  }
  return new Map(
    [...graph].toSorted(byName).map(([room, to]) => [room, new Set([...to].toSorted())]),
  );
}

/** Without the edges that another path implies: 40 arrows show less than 20. */
function reduce(graph: Graph): Graph {
  const implied = (from: string, to: string): boolean =>
    [...(graph.get(from) ?? [])].some((next) => next !== to && reaches(graph, next, to, new Set()));
  return new Map(
    [...graph].map(([from, targets]) => [
      from,
      new Set([...targets].filter((to) => !implied(from, to))),
    ]),
  );
}

function reaches(graph: Graph, from: string, to: string, seen: Set<string>): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return [...(graph.get(from) ?? [])].some((next) => reaches(graph, next, to, seen));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
