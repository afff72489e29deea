import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { explainFlag } from './explain-flag.ts';
import { FlagError } from './flag-error.ts';

/**
 * Reads flags, and nothing but flags, from a command line without `node` and the script. Throws {@link FlagError} at the
 * first one that is none of the options.
 * @param names the flags that there are, in words
 * @param example a command line with a flag behind `--`
 */
export function parseFlagValues<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  names: string,
  example: string,
) {
  try {
    return parseArgs({ args: [...args], strict: true, allowPositionals: false, options }).values;
  } catch (error) {
    throw new FlagError(explainFlag(error, names, example), { cause: error });
  }
}
