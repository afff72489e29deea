import * as z from 'zod';
import { InvalidKey } from '../errors.ts';
import { targetKey, targetText } from '../gateway/purge-body.ts';
import { TEMPLATE_KINDS, TEMPLATES } from '../invalidation/configured.ts';
import type { KeyInput } from '../tenant/segments.ts';

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

/** The list in `rules` of a tenant. What its templates name is checked by `unfitTemplates`. */
export const ruleList = z
  .array(
    z
      .strictObject({
        on: z.string().min(1, 'must not be empty').max(256),
        tags: templates(targetText, TEMPLATES.tags),
        urls: templates(targetText, TEMPLATES.urls),
        prefixes: templates(targetKey, TEMPLATES.prefixes),
        keys: templates(targetKey, TEMPLATES.keys),
        hosts: templates(targetText, TEMPLATES.hosts),
        groups: templates(targetText, TEMPLATES.groups),
        all: z.literal(true, { error: 'must be true, or left out' }).optional(),
        mode: z.enum(['hard', 'soft'], { error: "must be 'hard' or 'soft'" }).optional(),
      })
      .refine(
        ({ all, ...rule }) => all || TEMPLATE_KINDS.some((kind) => (rule[kind] ?? []).length > 0),
        `must name at least one of ${['tags', 'urls', 'prefixes', 'keys', 'hosts', 'groups', 'all'].join(', ')}`,
      ),
  )
  .max(1000);
