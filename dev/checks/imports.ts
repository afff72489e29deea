import { cruise } from 'dependency-cruiser';
import type { ICruiseResult } from 'dependency-cruiser';
import { importRules } from './rooms.ts';

/** What src/ imports, and which of it is not allowed. Paths are relative to the tree's root, with `/`. */
export interface ImportReport {
  /** Files that were really looked at. */
  readonly files: readonly string[];
  /** Imports between files of src/, type-only ones included. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly violations: readonly {
    readonly rule: string;
    readonly from: string;
    readonly to: string;
  }[];
}

/** Reads every import under `root`/src and applies the import rule to it. */
export async function readImports(root: string): Promise<ImportReport> {
  const answer = await cruise(['src'], {
    baseDir: root,
    // TypeScript 7 has no API that dependency-cruiser could use; without another parser it looks at no file at all.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'tsconfig\\.json$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['workerd', 'import', 'types'],
    },
    validate: true,
    ruleSet: { forbidden: importRules() },
  });
  const { modules, summary } = answer.output as ICruiseResult;
  const own = modules.filter((module) => module.source.startsWith('src/'));
  return {
    files: own.map((module) => module.source).toSorted(),
    edges: own
      .flatMap((module) =>
        module.dependencies
          .filter((dependency) => dependency.resolved.startsWith('src/'))
          .map((dependency) => ({ from: module.source, to: dependency.resolved })),
      )
      .toSorted((a, b) => (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1)),
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}
