import { digestOf } from '../engine/holdings.ts';
import type { InspectedHeld } from '../engine/judgement.ts';
import type { AskSource } from '../engine/verify.ts';
import { OriginError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { admittedFields } from './admitted-request.ts';
import { readBounded } from './body.ts';
import type { GatewayOptions } from './exchange.ts';
import { entityTag } from './http-entry.ts';
import { fetchOrigin, OWN_HEADERS } from './origin.ts';
import { policyFor } from './policy-for.ts';
import { resourceUrl } from './request-key.ts';
import { isRecord } from './variants.ts';

/** How long an origin may take for the head of an answer, and again for its body, in milliseconds: somebody waits for many of them. */
const PATIENCE_MS = 5000;

/** Header fields without which the same status and body are another answer. */
const COMPARED_FIELDS = ['location', 'content-type'] as const;

type CheckOptions = Pick<
  GatewayOptions,
  'fetch' | 'originTimeoutMs' | 'loads' | 'privateOrigins' | 'engine'
>;

/**
 * Asks the tenant's origin for what is held under a gateway key, and compares. Nothing of the answer is stored. Undefined
 * for keys that no request of one URL alone has made.
 */
export function originCheck(
  options: CheckOptions,
  tenant: TenantPolicy,
  runtime: Runtime,
): (key: CacheKey) => AskSource | undefined {
  return ({ key }) => {
    const url = resourceUrl(key);
    if (!url || !tenant.hosts.includes(url.hostname)) return undefined;
    return async (_, held) => {
      // What a resource varies by is no answer of the origin's, and its variants can't be asked for by URL alone.
      if (isRecord(held.entry)) return [];
      try {
        return await changes(options, { url, tenant, runtime, held });
      } catch (error) {
        if (error instanceof OriginError) return 'failed';
        throw error;
      }
    };
  };
}

interface Check {
  readonly url: URL;
  readonly tenant: TenantPolicy;
  readonly runtime: Runtime;
  readonly held: InspectedHeld;
}

async function changes(
  { originTimeoutMs, engine, ...options }: CheckOptions,
  { url, tenant, runtime, held }: Check,
): Promise<readonly string[] | 'failed'> {
  const { form, etag } = held.entry;
  const headers = admittedFields(new Headers(OWN_HEADERS), policyFor(tenant, url));
  const response = await fetchOrigin(
    { ...options, originTimeoutMs: Math.min(originTimeoutMs, PATIENCE_MS) },
    { request: new Request(url, { headers }), url, tenant, runtime },
    { conditions: 'strip' },
  );
  if (response.status >= 500) {
    await response.body?.cancel().catch(() => undefined);
    return 'failed';
  }
  const changed = changesOfHead(form, response);
  const timer = new AbortController();
  const late = runtime.sleep(PATIENCE_MS, timer.signal);
  const body = await readBounded(response, engine.maxEntryBytes, late).finally(() => timer.abort());
  if (!body.whole) {
    await body.stream.cancel().catch(() => undefined);
    // One that is too large to be stored is another one than what is.
    return body.reason === 'too-large' ? [...changed, 'body'] : 'failed';
  }
  if ((await digestOf(body.bytes)) !== held.digest) changed.push('body');
  if ((await entityTag(response.headers, body.bytes)) !== etag) changed.push('etag');
  return changed;
}

function changesOfHead(form: InspectedHeld['entry']['form'], response: Response): string[] {
  if (form.type !== 'http') return [];
  const held = new Headers(form.headers.map(([name, value]): [string, string] => [name, value]));
  return [
    ...(form.status === response.status ? [] : ['status']),
    ...COMPARED_FIELDS.filter((name) => held.get(name) !== response.headers.get(name)),
  ];
}
