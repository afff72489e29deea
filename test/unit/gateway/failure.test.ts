import { describe, expect, it, test } from 'vitest';
import { AuthorityUnavailable, InvalidKey, OriginError } from '../../../src/errors.ts';
import { failureResponse } from '../../../src/gateway/failure.ts';
import { OverQuota } from '../../../src/gateway/load-quota.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';

function answer(error: unknown): { response: Response; events: TelemetryEvent[] } {
  const events: TelemetryEvent[] = [];
  const response = failureResponse(error, 'acme', (event) => events.push(event));
  return { response, events };
}

describe('what a client is told of a failure', () => {
  it.each([
    ['origin_timeout', 504],
    ['origin_unreachable', 502],
    ['origin_invalid', 502],
  ] as const)('%s is a %i, and an event', async (code, status) => {
    const { response, events } = answer(new OriginError(code, 'The origin did odd things.'));
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ code, detail: 'The origin did odd things.' });
    expect(events).toMatchObject([{ type: 'origin_error', tenant: 'acme', code }]);
  });

  test('a quota that is used up is a 503, to be tried again, and no error of the origin', async () => {
    const { response, events } = answer(new OverQuota());
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ code: 'over_quota', retryable: true });
    expect(events).toEqual([]);
  });

  test('a required authority that is down is a 503, to be tried again; its reason stays here', async () => {
    const { response } = answer(new AuthorityUnavailable('connect 10.0.0.1:6379'));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({ code: 'authority_unavailable', retryable: true });
    expect(body).not.toContain('10.0.0.1');
  });

  it.each([new TypeError('a mistake'), new InvalidKey('a mistake'), 'text'])(
    'an error that nobody expects is thrown on: %s',
    (error) => {
      let thrown: unknown;
      try {
        answer(error);
      } catch (caught) {
        thrown = caught;
      }
      expect(thrown).toBe(error);
    },
  );
});
