import type { CleanPage } from './clean-pages.ts';
import type { OriginAnswer } from './origin-answer.ts';
import { fieldOf, hashOf, type OriginRequest, reflectionOf } from './origin-request.ts';

const CONTROL = /[^\t\x20-\x7e\x80-\xff]/;
const MANY_BYTES = 8192;

/**
 * How a careless application answers for a page that is to be the same for everybody: it repeats what it is told, and fails
 * over what it does not like.
 */
export function cleanAnswer(page: CleanPage, request: OriginRequest): OriginAnswer {
  const { method, fields } = request;
  const failure = failureOf(request);
  if (failure) return failure;
  if (method !== 'GET' && method !== 'HEAD') return otherMethod(page, request);
  const reflection = reflectionOf(request);
  const origin = fieldOf(request, 'origin');
  const language = fieldOf(request, 'accept-language');
  const isVaried = page.asks !== undefined;
  const own = [
    ...page.fields,
    ...(reflection.field === undefined ? [] : [['x-you-said', reflection.field] as const]),
    ...(origin === undefined ? [] : [['access-control-allow-origin', origin] as const]),
  ];
  const etag = fieldOf({ ...request, fields: page.fields }, 'etag');
  const asked = fieldOf(request, 'if-none-match');
  if (
    page.status === 200 &&
    asked !== undefined &&
    etag !== undefined &&
    (asked.includes(etag) || asked === '*')
  )
    return { status: 304, fields: own, body: '', kind: 'clean' };
  // Another variant than that of the clean request is another page.
  const variant =
    isVaried && (language !== 'en' || fieldOf(request, 'x-flavour') !== undefined)
      ? `variant of ${language ?? 'nobody'}\n`
      : '';
  const body = variant + page.body + reflection.body;
  const range = /^bytes=(\d{1,4})-(\d{1,4})$/.exec(fieldOf(request, 'range') ?? '');
  if (range && page.status === 200) {
    const [first, last] = [Number(range[1]), Math.min(Number(range[2]), body.length - 1)];
    if (first > last)
      return {
        status: 416,
        fields: [['content-range', `bytes */${body.length}`]],
        body: '',
        kind: 'clean',
      };
    return {
      status: 206,
      fields: [...own, ['content-range', `bytes ${first}-${last}/${body.length}`]],
      body: body.slice(first, last + 1),
      kind: 'clean',
    };
  }
  return {
    status: page.status,
    fields: own,
    body,
    kind: 'clean',
    ...(page.chunked && { framing: 'chunked' }),
    // So that others come while it is under way.
    ...(hashOf(JSON.stringify(fields)) % 3 === 0 && { delayMs: 15 }),
  };
}

/** What an attacker can make it fail by. Where a client is at fault it says for how long: it must not be believed. */
function failureOf(request: OriginRequest): OriginAnswer | undefined {
  const failed = (status: number, fresh: boolean): OriginAnswer => ({
    status,
    fields: fresh ? [['cache-control', 'max-age=60']] : [],
    body: `failed with ${status}\n`,
    kind: 'clean',
  });
  const { fields } = request;
  const bytes = fields.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  if (fields.some(([, value]) => CONTROL.test(value))) return failed(400, true);
  if (bytes > MANY_BYTES + 500) return failed(400, true);
  switch (fieldOf(request, 'x-app-mode')) {
    case 'reset':
      return { status: 0, fields: [], body: '', framing: 'raw', kind: 'clean' };
    case '400':
      return failed(400, false);
    case '404':
      return failed(404, false);
    case '500':
      return failed(500, false);
    case '503':
      return failed(503, false);
    case 'forbidden':
      return failed(403, false);
    default:
      return undefined;
  }
}

function otherMethod(page: CleanPage, request: OriginRequest): OriginAnswer {
  const { method } = request;
  const said = reflectionOf(request).body;
  const made = (status: number, fields: OriginAnswer['fields'], body: string): OriginAnswer => ({
    status,
    fields,
    body,
    kind: 'clean',
  });
  switch (method) {
    case 'POST':
      // Its answer is the page as it is now, which may be stored (RFC 9110, section 9.3.3).
      return said === '' && page.status === 200 && !page.asks
        ? made(200, [...page.fields, ['content-location', page.path]], page.body)
        : made(200, [['cache-control', 'max-age=60']], `posted\n${said}`);
    case 'DELETE':
    case 'PATCH':
      return made(204, [], '');
    case 'PUT':
      return made(
        201,
        [
          ['location', page.path],
          ['cache-control', 'max-age=60'],
        ],
        said,
      );
    case 'OPTIONS':
      return made(
        200,
        [
          ['allow', 'GET, HEAD'],
          ['cache-control', 'max-age=60'],
        ],
        said,
      );
    case 'TRACE':
      return made(
        200,
        [
          ['content-type', 'message/http'],
          ['cache-control', 'max-age=60'],
        ],
        JSON.stringify(request.fields),
      );
    default:
      return made(405, [['cache-control', 'max-age=60']], said);
  }
}
