import { readFileSync } from 'node:fs';
import { z } from 'zod';

const count = z.int().min(0);
const judged = z.strictObject({
  passed: count,
  failed: count,
  /** A test that it builds on is not passed. */
  blocked: count,
  /** The suite could not judge: no answer in time, a request that came twice, another first answer than expected. */
  other: count,
});

const caches = z.strictObject({
  sources: z.record(
    z.enum(['published', 'measured']),
    z.strictObject({ title: z.string(), url: z.url(), date: z.iso.date(), detail: z.string() }),
  ),
  subjects: z.array(
    z.strictObject({
      name: z.string(),
      /** `browser`: a private cache, which other tests are for. */
      kind: z.enum(['proxy', 'browser']),
      source: z.enum(['published', 'measured']),
      configuration: z.string().optional(),
      required: judged,
      optimal: judged,
      check: z.strictObject({ yes: count, no: count, blocked: count, other: count }),
    }),
  ),
});

/** Results of other caches, and where they are from. */
export type OtherCaches = z.infer<typeof caches>;
export type OtherCache = OtherCaches['subjects'][number];

/** Reads `other-caches.json`. Throws when it is not as it should be. */
export function otherCaches(): OtherCaches {
  const text = readFileSync(new URL('other-caches.json', import.meta.url), 'utf8');
  return caches.parse(JSON.parse(text));
}
