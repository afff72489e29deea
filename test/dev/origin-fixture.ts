import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geonames } from '../../dev/origin/data-set.ts';
import type { DomainEvent } from '../../dev/origin/events.ts';
import { type Origin, startOrigin } from '../../dev/origin/server.ts';

/** A few countries of the real data set: small enough to build in no time. */
export const smallDataSet = geonames({ countries: ['AD', 'AL', 'CH', 'LI', 'SV'] });

export interface TestOrigin extends Origin {
  readonly events: DomainEvent[];
  readonly databaseFile: string;
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  json(): unknown;
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'origin-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A running origin over the small data set, with a database of its own that goes when it stops. */
export async function startTestOrigin(): Promise<TestOrigin> {
  const folder = temporaryFolder();
  const databaseFile = join(folder.path, 'cities.sqlite');
  const events: DomainEvent[] = [];
  const origin = await startOrigin({
    databaseFile,
    dataSet: smallDataSet,
    onEvent: (event) => void events.push(event),
  });
  const send: TestOrigin['send'] = async (method, path, body, headers = {}) => {
    const response = await fetch(origin.url + path, {
      method,
      redirect: 'manual',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: (): unknown => JSON.parse(text),
    };
  };
  return {
    ...origin,
    events,
    databaseFile,
    get: (path, headers) => send('GET', path, undefined, headers),
    send,
    async stop() {
      await origin.stop();
      folder.remove();
    },
  };
}
