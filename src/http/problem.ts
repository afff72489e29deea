/** A problem document (RFC 9457). `code` is the stable name that programs switch on; `detail` is for people. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly code: string;
  readonly detail: string;
  /** Further members, for instance `problems` or `retryable`. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The response that carries a problem. Never stored by any cache. */
export function problemResponse({
  status,
  title,
  code,
  detail,
  extra,
  headers,
}: Problem): Response {
  return new Response(
    `${JSON.stringify({ type: 'about:blank', title, status, code, detail, ...extra })}\n`,
    {
      status,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        ...headers,
      },
    },
  );
}
