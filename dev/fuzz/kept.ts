import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { FuzzFailed } from './failure.ts';
import { INVARIANTS, type Finding } from './checks.ts';
import { hashOf } from './origin-request.ts';
import type { RawRequest } from './request.ts';

/** A case that failed once. It is kept under `test/fuzz/kept`, and sent again by every `npm test`. */
export interface KeptCase extends Finding {
  readonly requests: readonly RawRequest[];
}

const BYTES = z.string().regex(/^[\0-\xff]*$/);

const form = z.strictObject({
  invariant: z.enum(INVARIANTS),
  detail: z.string(),
  requests: z
    .array(
      z.strictObject({
        method: BYTES,
        target: BYTES,
        version: BYTES,
        lines: z.array(BYTES),
        body: BYTES,
        ends: z.literal(true).optional(),
      }),
    )
    .min(1),
});

/** Reads a case. Throws {@link FuzzFailed} when the file is none. */
export function readKept(file: string): KeptCase {
  try {
    const { requests, ...finding } = form.parse(JSON.parse(readFileSync(file, 'utf8')));
    return {
      ...finding,
      requests: requests.map(({ ends, ...request }) => ({ ...request, ...(ends && { ends }) })),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FuzzFailed(`${file} is no case of a fuzz run: ${reason}`, { cause: error });
  }
}

/** Writes a case, under a name that says what it is about, and answers the file. */
export function writeKept(folder: string, { invariant, detail, requests }: KeptCase): string {
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({ invariant, detail, requests }, undefined, 2);
  const name = hashOf(JSON.stringify(requests)).toString(16).padStart(8, '0');
  const file = join(folder, `${invariant}-${name}.json`);
  writeFileSync(file, `${text}\n`);
  return file;
}
