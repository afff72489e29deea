import type { Resource } from './subjects.ts';
import type { WorkerProcess } from './worker-process.ts';

/** The first of a tenant's hosts; the second one is `www.` before it. */
export function gatewayHost(tenant: string): string {
  return `${tenant}.test`;
}

/** The part of an isolate that has a view of its own: the gateway, and each of the two caches of the library. */
export function actorOf(
  process: WorkerProcess,
  { face, tenant }: Pick<Resource, 'face' | 'tenant'>,
): string {
  const part = face === 'gateway' ? face : isDrill(tenant) ? 'drill' : 'busy';
  return `${process.index}.${process.incarnation}.${part}`;
}

/** Tenants of directed episodes, which have a cache of their own in every process. */
export function isDrill(tenant: string): boolean {
  return tenant.startsWith('drill-');
}

/** Where a page is asked for. */
export function addressOf({ segments }: Resource): {
  readonly host: string;
  readonly path: string;
} {
  const [, , host = '', ...path] = segments;
  const query = path.pop() ?? '?';
  return { host, path: `/${path.join('/')}${query === '?' ? '' : query}` };
}

/** Where a value is: its namespace, and its key there. */
export function placeOf({ segments }: Resource): {
  readonly namespace: string;
  readonly key: readonly string[];
} {
  const [, namespace = '', ...key] = segments;
  return { namespace, key };
}
