import { InvalidKey } from '../errors.ts';
import type { TargetOwner } from '../gateway/purge-body.ts';
import { ruleTargets } from '../gateway/rule-targets.ts';
import { Allowance } from '../invalidation/allowance.ts';
import { compileTemplate, TEMPLATE_KINDS, type TemplateKind } from '../invalidation/configured.ts';
import { EventFault } from '../invalidation/event-fault.ts';
import { compileText, type Template } from '../invalidation/template.ts';
import type { TenantRule } from '../tenant/policy.ts';
import type { KeyInput } from '../tenant/segments.ts';

/** What is wrong with a rule, and where in the list of rules. Holds nothing of what stands there. */
export interface RuleProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Rules of which no event could ever make a purge: each template is tried as an event would be, with one letter in its places.
 * Where a place is part of a host, its events judge it. Besides, events whose rules name too much without any place.
 */
export function unfitTemplates(
  rules: readonly TenantRule[],
  tenant: TargetOwner,
): readonly RuleProblem[] {
  const allowances = new Map<string, Allowance>();
  return rules.flatMap((rule, at) => {
    const allowance = allowances.get(rule.on) ?? new Allowance();
    allowances.set(rule.on, allowance);
    const templates = templatesOf(rule);
    const problems = templates.flatMap(({ kind, position, input, template }) => {
      if (isHostOpen(kind, input)) return [];
      const message = faultOf(() => ruleTargets({ [kind]: template.sample() }, tenant));
      return message === undefined ? [] : [{ path: [at, kind, position], message }];
    });
    // One with a place may name nothing: its list is empty.
    const literals = templates.filter(({ template }) => template.places.length === 0);
    const tooMuch = faultOf(() =>
      literals.map(({ template }) => template.from(undefined, allowance)),
    );
    return tooMuch === undefined || problems.length > 0
      ? problems
      : [{ path: [at], message: tooMuch }];
  });
}

interface Placed {
  readonly kind: TemplateKind;
  readonly position: number;
  readonly input: KeyInput;
  readonly template: Template<string | KeyInput>;
}

/** Those of a rule that are templates at all; of the others the list has told. */
function templatesOf(rule: TenantRule): readonly Placed[] {
  return TEMPLATE_KINDS.flatMap((kind) =>
    (rule[kind] ?? []).flatMap((input: KeyInput, position: number): readonly Placed[] => {
      try {
        return [{ kind, position, input, template: compileTemplate(kind, input) }];
      } catch (error) {
        if (error instanceof InvalidKey) return [];
        throw error;
      }
    }),
  );
}

/** Whether a place is part of the scheme, the host or the port. */
function isHostOpen(kind: TemplateKind, input: KeyInput): boolean {
  if (kind === 'tags' || kind === 'groups') return false;
  const [base] = typeof input === 'string' ? (/^https?:\/\/[^/\\?#]*/i.exec(input) ?? []) : [];
  const parts =
    typeof input !== 'string'
      ? input[0] === 'g'
        ? input.slice(1, 3)
        : []
      : [kind === 'hosts' ? input : (base ?? '')];
  return parts.some((part) => compileText(part).places.length > 0);
}

/** What is thrown, without the place in a purge that a problem of it begins with. */
function faultOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidKey || error instanceof EventFault)
      return error.message.replace(/^[a-z]+(?:\.\w+)*: /, '');
    throw error;
  }
  return undefined;
}
