import type { IncomingHttpHeaders } from 'node:http';
import { HttpProblem } from './problems.ts';
import type { Answer } from './responses.ts';

export interface Call {
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The part of the path that the route captured, percent-decoded; empty when it captures none. */
  readonly captured: string;
  /** The request body as JSON. @throws HttpProblem 400, 413 or 415 */
  readonly readJson: () => Promise<unknown>;
}

export type Method = 'GET' | 'PATCH' | 'POST' | 'DELETE';
export type Handler = (call: Call) => Answer | Promise<Answer>;

export interface Route {
  /** A literal path, or one that ends in `/*`: one more segment, which is captured. */
  readonly path: string;
  /** GET answers HEAD as well. */
  readonly on: Partial<Record<Method, Handler>>;
}

/** @throws HttpProblem 404 for an unknown path, 405 with Allow for a method that the path does not have. */
export function findHandler(
  routes: readonly Route[],
  method: string,
  path: string,
): { handler: Handler; captured: string } {
  for (const route of routes) {
    const captured = capture(route.path, path);
    if (captured === undefined) continue;
    const name = method === 'HEAD' ? 'GET' : method;
    const handler = Object.entries(route.on).find(([known]) => known === name)?.[1];
    if (handler !== undefined) return { handler, captured };
    const allow = Object.keys(route.on)
      .flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known]))
      .join(', ');
    throw new HttpProblem(405, `${path} answers ${allow}, not ${method}.`, { Allow: allow });
  }
  throw new HttpProblem(404, `There is nothing at ${path}; GET / lists what there is.`);
}

function capture(pattern: string, path: string): string | undefined {
  if (!pattern.endsWith('/*')) return pattern === path ? '' : undefined;
  const parent = pattern.slice(0, -1);
  const segment = path.startsWith(parent) ? path.slice(parent.length) : '';
  if (segment === '' || segment.includes('/')) return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpProblem(400, `The path ${path} is not percent-encoded UTF-8.`);
  }
}
