import { ensureWritable } from '../launcher/flag-values.ts';
import { DEFAULT_JSON } from './flags.ts';

/** The files of a run: the report, and the page beside it. */
export interface Output {
  readonly json: string;
  readonly page: string;
}

/** Makes sure, before the run, that its report can be written, in a folder that is there. Throws FlagError. */
export function prepareOutput(json: string): Output {
  const page = json.replace(/\.json$/i, '.html');
  ensureWritable('--json', json, [json, page], json === DEFAULT_JSON);
  return { json, page };
}
