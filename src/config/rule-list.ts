import * as z from 'zod';
import { InvalidKey } from '../errors.ts';
import { TEMPLATES, type TemplateKind } from '../invalidation/configured.ts';
import type { TenantRule } from '../tenant/policy.ts';
import type { KeyInput } from '../tenant/segments.ts';

const text = z.string().min(1, 'must not be empty').max(4096);
const key = z.union([text, z.array(z.string().max(4096)).min(1).max(128)], {
  error: 'must be a key, or a list of its segments',
});

/** A list of texts with places; each is compiled, so that what is wrong with one is told at the start. */
function templates<Input extends KeyInput>(
  item: z.ZodType<Input>,
  compile: (input: Input) => unknown,
) {
  return z
    .array(
      item.superRefine((input, context) => {
        try {
          compile(input);
        } catch (error) {
          if (!(error instanceof InvalidKey)) throw error;
          context.addIssue({ code: 'custom', message: error.message });
        }
      }),
    )
    .max(100)
    .optional();
}

/** The list in `rules` of a tenant. */
export const ruleList = z
  .array(
    z
      .strictObject({
        on: z.string().min(1, 'must not be empty').max(256),
        tags: templates(text, TEMPLATES.tags),
        urls: templates(text, TEMPLATES.urls),
        prefixes: templates(key, TEMPLATES.prefixes),
        keys: templates(key, TEMPLATES.keys),
        hosts: templates(text, TEMPLATES.hosts),
        groups: templates(text, TEMPLATES.groups),
        all: z.literal(true, { error: 'must be true, or left out' }).optional(),
        mode: z.enum(['hard', 'soft'], { error: "must be 'hard' or 'soft'" }).optional(),
      })
      .refine(
        ({ all, ...rule }) => all || KINDS.some((kind) => (rule[kind] ?? []).length > 0),
        `must name at least one of ${['tags', 'urls', 'prefixes', 'keys', 'hosts', 'groups', 'all'].join(', ')}`,
      ),
  )
  .max(1000);

const KINDS = Object.keys(TEMPLATES) as readonly TemplateKind[];

/** Where rules name a URL on a host that is none of these: such a rule would fail every event. A host that is filled in is judged with its event. */
export function foreignHosts(
  rules: readonly TenantRule[],
  hosts: readonly string[],
): readonly (readonly PropertyKey[])[] {
  return rules.flatMap((rule, at) =>
    (['urls', 'prefixes'] as const).flatMap((kind) =>
      (rule[kind] ?? []).flatMap((item, position) => {
        const [base] = typeof item === 'string' ? (/^https?:\/\/[^/\\?#]*/i.exec(item) ?? []) : [];
        if (base === undefined || base.includes('{')) return [];
        const known = URL.canParse(base) && hosts.includes(new URL(base).hostname);
        return known ? [] : [[at, kind, position]];
      }),
    ),
  );
}
