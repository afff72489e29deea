import type { TenantRule } from '../tenant/policy.ts';
import { RuleBook, type AnyRule, type RuleSet } from './rules.ts';
import { compileKey, compilePrefix, compileText, compileUrl, type Template } from './template.ts';

/** How each kind of target of a configured rule is read. */
export const TEMPLATES = {
  tags: compileText,
  urls: compileUrl,
  prefixes: compilePrefix,
  keys: compileKey,
  hosts: compileText,
  groups: compileText,
} as const;

export type TemplateKind = keyof typeof TEMPLATES;

const KINDS = Object.keys(TEMPLATES) as readonly TemplateKind[];

/** The rules of a tenant's configuration. Throws `InvalidKey` for a template that is none. */
export function configuredRules(rules: readonly TenantRule[]): RuleSet {
  const book = new RuleBook();
  for (const rule of rules) book.add(rule.on, compile(rule));
  return book;
}

/** A rule that answers the body of a purge. */
function compile(rule: TenantRule): AnyRule {
  const { all, mode } = rule;
  const kinds = KINDS.map((kind) => [kind, templatesOf(rule, kind)] as const);
  return (data) => ({
    ...Object.fromEntries(
      kinds.flatMap(([kind, templates]) => {
        const filled = templates.flatMap((template) => template.from(data));
        return filled.length > 0 ? [[kind, filled]] : [];
      }),
    ),
    ...(all && { all }),
    ...(mode && { mode }),
  });
}

function templatesOf(rule: TenantRule, kind: TemplateKind): readonly Template<unknown>[] {
  switch (kind) {
    case 'keys':
    case 'prefixes':
      return (rule[kind] ?? []).map(TEMPLATES[kind]);
    default:
      return (rule[kind] ?? []).map(TEMPLATES[kind]);
  }
}
