import type { RunningStack } from './stack.ts';

/** How to see that a change reaches the gateway, which only an origin that sends events can show. */
function changes({ demo }: RunningStack): string {
  if (!demo) return '';
  return `  Change it straight at the origin, which tells the Worker; the next answer has the new name:
    curl -X PATCH $ORIGIN/cities/1 -H 'Content-Type: application/json' -d '{"name":"Vila nova"}'
`;
}

/** What is printed once everything runs: what it is, what to try, how to end it. */
export function banner(stack: RunningStack): string {
  const { url, credential } = stack;
  const page = `${url}${stack.demo ? '/cities/1' : '/'}`;
  const etag = `$(curl -sI ${page} | tr -d '\\r' | awk 'tolower($1) == "etag:" { print $2 }')`;
  const target = stack.demo ? '{"tags":["city:1"]}' : `{"urls":["${page}"]}`;
  const port = new URL(url).port;
  return `
  Worker    ${url}  (its own routes: /_tiercel/healthz, /_tiercel/v1/...; admin host: http://${stack.adminHost}:${port})
  Origin    ${stack.origin}${stack.demo ? '  (GeoNames; /_/counts says how often it was asked)' : ''}
  Endpoint  ${stack.endpoint.url}  (Redis over HTTP; token ${stack.endpoint.token})
  Redis     ${stack.redis}

Paste this into another shell:
export TOKEN=${credential.token}
export ORIGIN=${stack.origin}

Try there:
  Twice; the second answer comes from memory (see Cache-Status):
    curl -i ${page}
  Not modified, so no body:
    curl -i -H "If-None-Match: ${etag}" ${page}
  Purge it everywhere:
    curl -i -X POST ${url}/_tiercel/v1/purge -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '${target}'
${changes(stack)}  Run the cron trigger, which warms the cache, by hand:
    curl -i '${url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*'

Ready: ${url}
Ctrl-C ends everything.
`;
}
