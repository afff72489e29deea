import { setTimeout as sleep } from 'node:timers/promises';
import { tenantsOf } from './checks.ts';
import { cleanPages } from './clean-pages.ts';
import type { RawRequest } from './request.ts';
import { Session, type Violation } from './session.ts';
import type { FuzzTarget } from './target.ts';
import { type FuzzTenant, TENANTS } from './tenants.ts';
import { Wire } from './wire.ts';

/** What the log says comes a moment after the answer. */
const LOG_MS = 60;
const TOGETHER_ROUNDS = 3;

/**
 * Sends requests to a gateway that has forgotten everything: one after the other, and all at once while ordinary clients ask for
 * the pages of the tenants; each time all of these are looked at afterwards. Answers what was wrong.
 */
export async function replay(
  target: FuzzTarget,
  requests: readonly RawRequest[],
): Promise<Violation[]> {
  const found: Violation[] = [];
  const session = new Session(target.port, (violation) => void found.push(violation));
  target.hear((finding) => session.hear(finding));
  const tenants = TENANTS.filter((tenant) =>
    requests.some((request) => tenantsOf(request, TENANTS).includes(tenant)),
  );
  try {
    await forget(target.port);
    for (const request of requests) await session.attack(request);
    await look(session, tenants);
    for (let round = 0; round < TOGETHER_ROUNDS && found.length === 0; round += 1) {
      await forget(target.port);
      await Promise.all([
        ...requests.map((request) => session.attack(request)),
        look(session, tenants),
      ]);
      await look(session, tenants);
    }
    await sleep(LOG_MS);
    return found;
  } finally {
    target.hear(() => undefined);
    session.close();
  }
}

async function look(session: Session, tenants: readonly FuzzTenant[]): Promise<void> {
  await Promise.all(
    tenants.flatMap((tenant) => cleanPages(tenant).map((page) => session.clean(tenant, page))),
  );
}

/** Purges every tenant. */
async function forget(port: number): Promise<void> {
  const wire = new Wire(port);
  const body = '{"all":true}';
  for (const { hosts, token } of TENANTS)
    await wire.send({
      method: 'POST',
      target: '/_tiercel/v1/purge',
      version: 'HTTP/1.1',
      lines: [
        `Host: ${hosts[0]}`,
        `Authorization: Bearer ${token}`,
        `Content-Length: ${body.length}`,
      ],
      body,
    });
  wire.close();
}
