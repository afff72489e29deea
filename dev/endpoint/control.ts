import type { Counters } from './counters.ts';
import type { Answer } from './execute.ts';
import { type Faults, InvalidFault, readFault } from './faults.ts';
import { errorEnvelope } from './reply-json.ts';

/** Answers the routes under `/_/` that tests steer the endpoint by. They are neither counted nor hit by faults. */
export function control(
  method: string,
  path: string,
  body: Buffer,
  counters: Counters,
  faults: Faults,
): Answer {
  const routes: Record<string, Record<string, () => void>> = {
    '/_/counts': { GET: () => {}, DELETE: () => counters.reset() },
    '/_/faults': {
      GET: () => {},
      PUT: () => faults.set(readFault(parse(body))),
      DELETE: () => faults.clear(),
    },
  };
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) {
    const known = Object.keys(routes).join(' and ');
    return { status: 404, body: errorEnvelope(`There is no ${path}, only ${known}.`) };
  }
  const run = Object.hasOwn(route, method) ? route[method] : undefined;
  if (run === undefined) {
    const allowed = Object.keys(route).join(', ');
    return { status: 405, body: errorEnvelope(`${path} takes ${allowed}, not ${method}.`) };
  }
  try {
    run();
  } catch (error) {
    if (!(error instanceof InvalidFault)) throw error;
    return { status: 400, body: errorEnvelope(error.message) };
  }
  const state = path === '/_/counts' ? counters.read() : faults.read();
  return { status: 200, body: JSON.stringify(state) };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new InvalidFault('The body is not JSON.');
  }
}
