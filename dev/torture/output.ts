import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DEFAULT_JSON, FlagError } from './flags.ts';

/** The files of a run: the report, and the page beside it. */
export interface Output {
  readonly json: string;
  readonly page: string;
}

/** Makes sure, before the run, that its report can be written, in a folder that is there. Throws {@link FlagError}. */
export function prepareOutput(json: string): Output {
  const page = json.replace(/\.json$/i, '.html');
  if (json === DEFAULT_JSON) mkdirSync(dirname(json), { recursive: true });
  for (const file of [json, page]) {
    try {
      closeSync(openSync(file, 'a'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new FlagError(`--json is "${json}", but ${file} cannot be written: ${reason}.`, {
        cause: error,
      });
    }
  }
  return { json, page };
}
