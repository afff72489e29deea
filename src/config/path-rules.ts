import * as z from 'zod';
import { isAmbiguousPath } from '../gateway/ambiguous-path.ts';
import { compileLoosePathPattern, compilePathPattern } from '../tenant/path-pattern.ts';
import { CACHING_FIELDS } from './cache-policy.ts';
import { schema } from './kinds.ts';
import { orRefused, shapeOf } from './policy-fields.ts';
import { shown } from './shown.ts';

const MOST_RULES = 100;
const LONGEST_PATH = 1024;
const MOST_WILDCARDS = 20;

/** No message says a path: it may be what nobody is to know. */
const pattern: z.ZodType<string> = schema((value, refuse) => {
  const problem =
    typeof value === 'string' ? patternFault(value) : `is ${shown(value)}, must be a path`;
  if (problem === undefined) return String(value);
  refuse(problem);
  return undefined;
});

/** `paths`: rules in the order in which they are asked. */
export const pathRules = z
  .array(
    z.strictObject(
      { path: pattern, ...shapeOf(CACHING_FIELDS) },
      orRefused('an object with a path and what is said of caching there'),
    ),
    orRefused('a list of rules'),
  )
  .max(MOST_RULES, `must have at most ${MOST_RULES} rules`)
  .superRefine((rules, context) => {
    const patterns = rules.map(({ path, cache }) =>
      cache === 'bypass' ? compileLoosePathPattern(path) : compilePathPattern(path),
    );
    rules.forEach(({ path, cache }, at) => {
      // To a pattern, each `*` of another is a character that only a `*` takes; one that takes it takes all that it stands for.
      const sample = decodeURIComponent(path.replaceAll('*', '%00'));
      const earlier = patterns.findIndex((fits) => fits(sample));
      // It fits itself.
      if (earlier >= at) return;
      // In other letters it might be, and that is of no use.
      const spelled =
        cache === 'bypass' && rules[earlier]?.cache !== 'bypass' ? ' as it is spelled' : '';
      const message = `can never be reached${spelled}: paths[${earlier}] fits all that it fits, and comes first`;
      context.addIssue({ code: 'custom', path: [at, 'path'], message });
    });
  });

function patternFault(text: string): string | undefined {
  if (text.length > LONGEST_PATH)
    return `has ${text.length} characters, must have at most ${LONGEST_PATH}`;
  if (!/^\/[^\s?#]*$/.test(text))
    return 'must be a path that begins with / and has no space, query or fragment';
  if (text.includes('**')) return 'must not have **: one * stands for any characters, / included';
  if (text.split('*').length - 1 > MOST_WILDCARDS) return `must have at most ${MOST_WILDCARDS} *`;
  const { pathname } = new URL(`https://host.example${text}`);
  if (/\p{Cc}/u.test(text) || isAmbiguousPath(text) || isAmbiguousPath(pathname))
    return 'fits no request: a path is ambiguous, and fits no rule, by //, \\, ;, an escape of one of . / \\ ; ? # % or of a control character, or an escape that is none';
  if (decodeURIComponent(pathname) !== decodeURIComponent(text))
    return 'fits no request: a URL has no segment that is . or ..';
  return undefined;
}
