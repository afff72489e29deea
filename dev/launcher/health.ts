import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** The Worker answers, but does not serve; the message says why, on several lines where it gave them. */
export class Unhealthy extends Error {
  override readonly name = 'Unhealthy';
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const pollMs = 100;
const answerMs = 10_000;
const bodyShown = 500;

/**
 * Asks `url` until it answers 200. Throws Unhealthy at once when it answers problem+json, and when `signal` is
 * aborted before it has answered 200.
 *
 * @param host what is asked for by name and port: the address in `url` is where it is, whatever it is called
 */
export async function waitUntilHealthy(
  url: string,
  host: string,
  signal: AbortSignal,
): Promise<void> {
  let last = 'no answer';
  while (!signal.aborted) {
    try {
      const answer = await ask(url, host, signal);
      if (answer.status === 200) return;
      last = describeAnswer(answer);
      if (isProblem(answer)) break;
    } catch (error) {
      if (!signal.aborted) last = (error as Error).message;
    }
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
  }
  throw new Unhealthy(last);
}

/** What a failed health answer says, for people: title, detail, then one line for each problem listed. */
export function describeAnswer({ status, contentType, body }: Answer): string {
  const parsed = isProblem({ contentType }) ? parseObject(body) : undefined;
  if (parsed === undefined) return `HTTP status ${status}: ${body.trim().slice(0, bodyShown)}`;
  const head = [parsed['title'], parsed['detail']].filter((part) => typeof part === 'string');
  const listed = [parsed['problems'], parsed['errors']].find((list) => Array.isArray(list)) ?? [];
  const lines = listed.map((problem: unknown) => `    ${describeProblem(problem)}`);
  return [head.join(': ') || `HTTP status ${status}`, ...lines].join('\n');
}

function describeProblem(problem: unknown): string {
  if (typeof problem !== 'object' || problem === null) return String(problem);
  const fields = Object.values(problem).filter((value) => typeof value === 'string');
  return fields.length > 0 ? fields.join(': ') : JSON.stringify(problem);
}

function isProblem({ contentType }: Pick<Answer, 'contentType'>): boolean {
  return contentType.startsWith('application/problem+json');
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function ask(url: string, host: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // An agent of its own: the global one may be set to go through a proxy.
    const options = { agent: new Agent(), headers: { host }, signal, timeout: answerMs };
    const request = get(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('error', reject);
      response.on('end', () => {
        const contentType = response.headers['content-type'] ?? '';
        resolve({ status: response.statusCode ?? 0, contentType, body });
      });
    });
    request.on('timeout', () =>
      request.destroy(new Error(`no answer within ${answerMs / 1000} s`)),
    );
    request.on('error', reject);
  });
}
