import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../../src/gateway/exchange.ts';
import { LoadQuota } from '../../../src/gateway/load-quota.ts';
import { fetchOrigin } from '../../../src/gateway/origin.ts';
import { manualRuntime, turn } from '../support/runtime.ts';
import { tenant } from '../support/tenants.ts';

const acme = tenant('acme', { origin: 'https://origin.example/base' });

describe('an origin that does not answer', () => {
  const ask = (fetch: Fetch, runtime = manualRuntime()) => {
    const exchange = {
      request: new Request('https://acme.example/'),
      url: new URL('https://acme.example/'),
      tenant: acme,
      runtime,
    };
    const answer = fetchOrigin(
      { fetch, originTimeoutMs: 1000, loads: new LoadQuota(() => undefined) },
      exchange,
      {
        conditions: 'strip',
      },
    );
    return { answer, runtime };
  };
  /** Like a real fetch: rejects when it is aborted. */
  const hanging: Fetch = (_url, { signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
    });

  test('in time is given up', async () => {
    const { answer, runtime } = ask(hanging);
    let ended = false;
    void answer.catch(() => (ended = true));
    await runtime.advance(999);
    expect(ended).toBe(false);
    await runtime.advance(1);
    await expect(answer).rejects.toMatchObject({
      code: 'origin_timeout',
      retryable: true,
      tier: 'origin',
      message: 'The origin did not answer within 1000 ms.',
    });
  });

  test('at all is unreachable, and the cause is kept', async () => {
    const cause = new TypeError('connection refused');
    const { answer } = ask(() => Promise.reject(cause));
    await expect(answer).rejects.toMatchObject({ code: 'origin_unreachable', cause });
  });

  test.each([100, 101, 199, 600, 999])(
    'in a way that is none is not passed on: %i',
    async (status) => {
      let ended = false;
      const odd = new Proxy(
        new Response(new ReadableStream({ cancel: () => void (ended = true) })),
        {
          get: (target, name) =>
            name === 'status' ? status : (Reflect.get(target, name, target) as unknown),
        },
      );
      const { answer } = ask(() => Promise.resolve(odd));
      await expect(answer).rejects.toMatchObject({ code: 'origin_invalid' });
      expect(ended).toBe(true);
    },
  );

  test.each([
    ['a status line', { statusText: 'a\u0001b' }],
    ['a header field', { headers: Object.assign([['x-a', 'a\nb']], { get: () => null }) }],
  ])('with %s that nobody can pass on is said to be that', async (_what, odd) => {
    const response = new Proxy(new Response('ok'), {
      get: (target, name) =>
        name in odd
          ? (Reflect.get(odd, name) as unknown)
          : (Reflect.get(target, name, target) as unknown),
    });
    const { answer } = ask(() => Promise.resolve(response));
    await expect(answer).rejects.toMatchObject({
      code: 'origin_invalid',
      message: 'The origin answered with a status line or a header field that is invalid.',
    });
  });

  test('in a way that is none, and whose body can’t be ended, is said to be that', async () => {
    const body = new ReadableStream({
      cancel: () => {
        throw new TypeError('gone already');
      },
    });
    const odd = new Proxy(new Response(body), {
      get: (target, name) =>
        name === 'status' ? 101 : (Reflect.get(target, name, target) as unknown),
    });
    const { answer } = ask(() => Promise.resolve(odd));
    await expect(answer).rejects.toMatchObject({ code: 'origin_invalid' });
  });

  test('with a body in time is not given up: only its head is waited for', async () => {
    let signal: AbortSignal | null | undefined;
    const { answer, runtime } = ask((_url, init) => {
      signal = init.signal;
      return Promise.resolve(new Response('slow'));
    });
    const response = await answer;
    await runtime.advance(5000);
    await turn();
    expect(signal?.aborted).toBe(false);
    expect(await response.text()).toBe('slow');
  });
});
