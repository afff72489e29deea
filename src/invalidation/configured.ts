import type { TenantRule } from '../tenant/policy.ts';
import type { KeyInput } from '../tenant/segments.ts';
import { Allowance } from './allowance.ts';
import { RuleBook, type AnyRule, type RuleSet } from './rules.ts';
import {
  compileHost,
  compileKey,
  compilePrefix,
  compileText,
  compileUrl,
  type Template,
} from './template.ts';

/** How each kind of target of a configured rule is read. */
export const TEMPLATES = {
  tags: compileText,
  urls: compileUrl,
  prefixes: compilePrefix,
  keys: compileKey,
  hosts: compileHost,
  groups: compileText,
} as const;

export type TemplateKind = keyof typeof TEMPLATES;

export const TEMPLATE_KINDS = Object.keys(TEMPLATES) as readonly TemplateKind[];

/** The rules of a tenant's configuration. Throws `InvalidKey` for a template that is none. */
export function configuredRules(rules: readonly TenantRule[]): RuleSet {
  const book = new RuleBook();
  for (const rule of rules) book.add(rule.on, compile(rule));
  return book;
}

/** A template of a rule. Throws `InvalidKey` for one that is none; which kinds take lists is what the type of a rule says. */
export function compileTemplate(kind: TemplateKind, input: KeyInput): Template<string | KeyInput> {
  const compileOne: (input: never) => Template<string | KeyInput> = TEMPLATES[kind];
  return compileOne(input as never);
}

/** A rule that answers the body of a purge, or undefined where nothing is named. */
function compile(rule: TenantRule): AnyRule {
  const { all, mode } = rule;
  const kinds = TEMPLATE_KINDS.map((kind) => {
    const inputs: readonly KeyInput[] = rule[kind] ?? [];
    return [kind, inputs.map((input) => compileTemplate(kind, input))] as const;
  });
  return (data) => {
    const allowance = new Allowance();
    const named = kinds.flatMap(([kind, templates]) => {
      const filled = templates.flatMap((template) => template.from(data, allowance));
      return filled.length > 0 ? [[kind, filled] as const] : [];
    });
    if (named.length === 0 && !all) return undefined;
    return { ...Object.fromEntries(named), ...(all && { all }), ...(mode && { mode }) };
  };
}
