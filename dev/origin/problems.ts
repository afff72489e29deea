import type { Answer } from './responses.ts';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** An error that is answered as RFC 9457 problem+json. The message is one clear sentence for the caller. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

/** Only a 404 may be cached, and briefly: the city may be there with the next data set. */
export function problemAnswer({ status, message, headers }: HttpProblem): Answer {
  const title = titles[status];
  return {
    status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': status === 404 ? 'public, max-age=10' : 'no-store',
      ...headers,
    },
    body: `${JSON.stringify({ status, ...(title !== undefined && { title }), detail: message })}\n`,
  };
}
