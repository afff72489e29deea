import { type Answer, fieldValues } from './answer.ts';
import { checkOutcome, type Finding, ORIGIN_MARK } from './checks.ts';
import type { CleanPage } from './clean-pages.ts';
import type { RawRequest } from './request.ts';
import { type FuzzTenant, TENANTS } from './tenants.ts';
import type { Outcome } from './wire.ts';

/** Fields of the gateway's own, or of the transport: they say nothing of what a page is. */
const PASSING_FIELDS: ReadonlySet<string> = new Set([
  'accept-ranges',
  'age',
  'cache-status',
  'connection',
  'content-location',
  'content-length',
  'date',
  'transfer-encoding',
  ORIGIN_MARK,
]);

/** What an ordinary client asks for the page. */
export function cleanRequest(
  tenant: FuzzTenant,
  { path, asks = [] }: CleanPage,
  method: 'GET' | 'HEAD' = 'GET',
): RawRequest {
  return {
    method,
    target: path,
    version: 'HTTP/1.1',
    lines: [`Host: ${tenant.hosts[0]}`, 'User-Agent: plain', 'Accept: */*', ...asks],
    body: '',
  };
}

/** Everything by which what came for a page differs from the page, besides what is wrong with any answer. */
export function checkClean(
  tenant: FuzzTenant,
  page: CleanPage,
  request: RawRequest,
  outcome: Outcome,
  tenants: readonly FuzzTenant[] = TENANTS,
): Finding[] {
  const found = checkOutcome(request, outcome, tenants);
  const add = (detail: string): void =>
    void found.push({
      invariant: 'clean',
      detail: `${tenant.id} ${request.method} ${page.path}: ${detail}`,
    });
  if (outcome.kind !== 'answer') {
    add(`there was no proper answer (${outcome.kind}).`);
    return found;
  }
  const { answer } = outcome;
  if (answer.status !== page.status) {
    add(
      `the status is ${answer.status}, not ${page.status} (${JSON.stringify(answer.body.slice(0, 120))}).`,
    );
    return found;
  }
  checkPageBody(page, request, answer, add);
  const expected = expectedFields(tenant, page);
  for (const [name, value] of expected) {
    const values = fieldValues(answer, name);
    if (values.join(', ') !== value)
      add(`${name} is ${JSON.stringify(values.join(', '))}, not ${JSON.stringify(value)}.`);
  }
  for (const [name, value] of answer.fields) {
    const lower = name.toLowerCase();
    // One that the origin gave no tag gets the gateway's own.
    if (
      expected.has(lower) ||
      PASSING_FIELDS.has(lower) ||
      (lower === 'etag' && /^"[\w-]{22}"$/.test(value))
    )
      continue;
    add(`there is a field ${name}: ${JSON.stringify(value.slice(0, 120))}.`);
  }
  return found;
}

function checkPageBody(
  page: CleanPage,
  { method }: RawRequest,
  answer: Answer,
  add: (detail: string) => void,
): void {
  const [length] = fieldValues(answer, 'content-length');
  if (length !== undefined && Number(length) !== page.body.length)
    add(`Content-Length is ${length}, not ${page.body.length}.`);
  if (method === 'HEAD' || answer.body === page.body) return;
  let at = 0;
  while (at < answer.body.length && answer.body[at] === page.body[at]) at += 1;
  add(
    `the body of ${answer.body.length} bytes is another one, from ${JSON.stringify(answer.body.slice(at, at + 120))} on.`,
  );
}

function expectedFields(tenant: FuzzTenant, page: CleanPage): ReadonlyMap<string, string> {
  const isTag = (name: string): boolean => name === 'cache-tag' || name === 'cache-groups';
  const own = page.fields.filter(([name]) => tenant.exposesTags || !isTag(name));
  return new Map([...own, ...responseHeadersOf(tenant)]);
}

/** What the tenant's policy has every answer say. */
function responseHeadersOf({ policy }: FuzzTenant): (readonly [string, string])[] {
  const added = policy['responseHeaders'];
  return typeof added === 'object' && added !== null
    ? Object.entries(added).map(([name, value]) => [name, String(value)] as const)
    : [];
}
