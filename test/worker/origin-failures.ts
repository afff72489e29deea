import type { Answer, Deployment, Isolate } from '../support/deployment.ts';
import type { ScriptedAnswer, TestOrigin } from '../support/origin.ts';

/** How long the head of an answer may take in these tests, in milliseconds. */
export const ORIGIN_TIMEOUT_MS = 400;

/** A way in which an origin fails. */
export interface Failure {
  readonly what: string;
  /** What a client is told where nothing stale may be served: a status, and the code of a problem of ours. */
  readonly status: number;
  readonly code?: string;
  /** Makes it fail for a path from now on. What asks it is the isolate that comes back. */
  readonly begin: (scene: Scene) => Promise<Isolate>;
}

export interface Scene {
  readonly deployment: Deployment;
  readonly origin: TestOrigin;
  readonly here: Isolate;
  readonly path: string;
}

async function scripted(
  { origin, path, here }: Scene,
  answer: Omit<ScriptedAnswer, 'target'>,
): Promise<Isolate> {
  await origin.rescript(path, [answer]);
  return here;
}

/** It does not answer: nothing is known of the resource. */
export const disconnections: readonly Failure[] = [
  {
    what: 'refuses the connection',
    status: 502,
    code: 'origin_unreachable',
    // Nobody listens there. The isolate is a new one, which finds in Redis what is stored.
    begin: ({ deployment }) =>
      Promise.resolve(deployment.isolate({ TENANTS: elsewhere(deployment, 'http://127.0.0.1:1') })),
  },
  {
    what: 'resets the connection',
    status: 502,
    code: 'origin_unreachable',
    begin: async ({ origin, here }) => {
      await origin.link('cut');
      return here;
    },
  },
  {
    what: 'closes the connection in place of an answer',
    status: 502,
    code: 'origin_unreachable',
    begin: (scene) => scripted(scene, { drop: true }),
  },
  {
    what: 'breaks off in its answer',
    status: 502,
    code: 'origin_invalid',
    begin: (scene) => scripted(scene, { breakAfter: 3, body: 'broken off' }),
  },
  {
    what: 'does not answer in time',
    status: 504,
    code: 'origin_timeout',
    begin: async ({ origin, here, path }) => {
      await origin.hold(path);
      return here;
    },
  },
];

/** It answers that it has failed. */
export const statuses: readonly Failure[] = [500, 502, 503, 504].map((status) => ({
  what: `answers ${status}`,
  status,
  begin: (scene) => scripted(scene, { status, headers: [], body: 'of the origin' }),
}));

export const failures: readonly Failure[] = [...disconnections, ...statuses];

/** What a client hears: of a problem of ours its code, else the text. */
export function told({ status, headers, text }: Answer): Readonly<Record<string, unknown>> {
  if (headers.get('content-type') !== 'application/problem+json') return { status, text };
  const problem = JSON.parse(text) as { readonly status: number; readonly code: string };
  const storable = headers.get('cache-control') !== 'no-store';
  return { status, code: problem.code, storable, same: problem.status === status };
}

/** What it has to hear where nothing stale may be served: that the origin failed, and how. */
export function truth({ status, code }: Failure): Readonly<Record<string, unknown>> {
  return code === undefined
    ? { status, text: 'of the origin' }
    : { status, code, storable: false, same: true };
}

function elsewhere({ variables }: Deployment, origin: string): string {
  const tenants = JSON.parse(String(variables['TENANTS'])) as readonly object[];
  return JSON.stringify(tenants.map((tenant) => ({ ...tenant, origin })));
}
