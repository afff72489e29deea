import type { ConfigProblem } from '../errors.ts';
import { privateOrigin, withoutRootDot } from '../tenant/private-origin.ts';
import type { PrivateOrigins } from './config.ts';
import { isLoopback } from './loopback.ts';

/** What is known of a tenant's origin here. */
interface Tenant {
  readonly origin: string;
}

/**
 * Adds a problem for every tenant whose origin the Worker must not ask: a private one, unless those are allowed, and the
 * operators' own host. No message says the address: problems are sent to whoever asks a Worker that refuses to serve.
 */
export function refuseOrigins(
  tenants: readonly Tenant[],
  settings: { readonly privateOrigins: PrivateOrigins; readonly adminHost: string | undefined },
  problems: ConfigProblem[],
): void {
  tenants.forEach(({ origin }, at) => {
    const refuse = (message: string): void => {
      problems.push({ field: `TENANTS[${at}].origin`, message });
    };
    const url = new URL(origin);
    // On this machine another server may have the same name, under another port.
    if (withoutRootDot(url.hostname) === settings.adminHost && !isLoopback(settings.adminHost))
      refuse('must not be the ADMIN_HOST: the Worker would ask itself');
    const reason = settings.privateOrigins === 'refuse' ? privateOrigin(url) : undefined;
    if (reason !== undefined)
      refuse(`must be public: its host is ${reason}. CACHE_PRIVATE_ORIGINS=allow permits it`);
  });
}
