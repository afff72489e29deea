import type { RawRequest } from './request.ts';

/** Whether a case still fails in the way that it is about. */
export type Fails = (requests: readonly RawRequest[]) => Promise<boolean>;

/**
 * Makes a case that fails smaller, as long as it fails: requests go, then field lines, bodies and the ends of long texts.
 * @param tries how often it may be sent at most
 */
export async function minimise(
  requests: readonly RawRequest[],
  fails: Fails,
  tries: number,
): Promise<readonly RawRequest[]> {
  let best = requests;
  let left = tries;
  const attempt = async (candidate: readonly RawRequest[]): Promise<boolean> => {
    if (left <= 0) return false;
    left -= 1;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let at = best.length - 1; at >= 0 && best.length > 1; at -= 1)
    await attempt(best.toSpliced(at, 1));
  for (let at = 0; at < best.length; at += 1) {
    const edit = async (change: (request: RawRequest) => RawRequest): Promise<boolean> => {
      const before = best[at];
      return before !== undefined && attempt(best.with(at, change(before)));
    };
    for (let line = (best[at]?.lines.length ?? 0) - 1; line >= 0; line -= 1)
      await edit((request) => ({ ...request, lines: request.lines.toSpliced(line, 1) }));
    if (best[at]?.body !== '')
      await edit((request) => ({
        ...request,
        body: '',
        lines: request.lines.filter(
          (line) => !/^(?:content-length|transfer-encoding)\s*:/i.test(line),
        ),
      }));
    for (let line = 0; line < (best[at]?.lines.length ?? 0); line += 1)
      while ((best[at]?.lines[line]?.length ?? 0) > 200)
        if (
          !(await edit((request) => ({
            ...request,
            lines: request.lines.with(line, halved(request.lines[line] ?? '')),
          })))
        )
          break;
    while ((best[at]?.target.length ?? 0) > 100)
      if (!(await edit((request) => ({ ...request, target: halved(request.target) })))) break;
  }
  return best;
}

function halved(text: string): string {
  return text.slice(0, Math.ceil(text.length / 2));
}
