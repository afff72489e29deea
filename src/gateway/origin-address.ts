import { OriginError } from '../errors.ts';
import { privateOrigin } from '../tenant/private-origin.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import type { GatewayOptions } from './exchange.ts';

/** What an origin's text says, read once a tenant: the configuration has no other place for it. */
interface Address {
  /** Scheme, host and port, perhaps a path, as the URL parser writes them: what stands behind it can't make it another host. */
  readonly whole: boolean;
  readonly isPrivate: boolean;
}

const addresses = new WeakMap<TenantPolicy, Address>();

/**
 * Rejects with `origin_refused` where the tenant's origin must not be asked, whatever let its policy in: it is private and
 * those are refused, or it is more or less than a base of URLs, so that a request's path could name another host.
 * Redirects need no check: they are passed on, never followed.
 */
export function checkAddress(
  tenant: TenantPolicy,
  privateOrigins: GatewayOptions['privateOrigins'] = 'refuse',
): void {
  const address = addresses.get(tenant) ?? read(tenant);
  if (!address.whole) throw refused("The tenant's origin is no base of URLs.");
  if (address.isPrivate && privateOrigins === 'refuse')
    throw refused("The tenant's origin is not public, and this deployment asks no others.");
}

function read(tenant: TenantPolicy): Address {
  const address = addressOf(tenant.origin);
  addresses.set(tenant, address);
  return address;
}

function addressOf(origin: string): Address {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return { whole: false, isPrivate: true };
  const base = (url.origin + url.pathname).replace(/\/+$/, '');
  return { whole: base === origin, isPrivate: privateOrigin(url) !== undefined };
}

/** It says no address: whoever asks may be anybody. */
function refused(message: string): OriginError {
  return new OriginError('origin_refused', message, { retryable: false });
}
