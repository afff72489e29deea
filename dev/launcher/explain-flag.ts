/**
 * What `parseArgs` has thrown, as a sentence for the user.
 * @param names the flags that there are, in words
 * @param example a command line with a flag behind `--`
 */
export function explainFlag(error: unknown, names: string, example: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? '';
  const flag = quoted.replace(/^-h, /, '').replace(/ <value>$/, '');
  switch (code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `Unknown flag ${flag}: the flags are ${names}.`;
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return `Unexpected argument "${flag}": the flags are ${names}, and npm wants "--" before them (${example}).`;
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return flag === '--help'
        ? '--help takes no value.'
        : `${flag} needs a value: the flags are ${names}.`;
    default:
      return message;
  }
}
