import { describe, expect, it, test } from 'vitest';
import { asksForEvents, isEventStream } from '../../../src/gateway/event-stream.ts';
import { countForward } from '../../../src/gateway/max-forwards.ts';
import { isUpgrade } from '../../../src/gateway/upgrade.ts';

type Asked = Pick<Request, 'method' | 'headers'>;
const asked = (headers: Record<string, string>, method = 'GET'): Request => {
  const request: Asked = { method, headers: new Headers(headers) };
  return new Proxy(new Request('https://acme.example/'), {
    get: (target, name) =>
      (name in request ? Reflect.get(request, name) : Reflect.get(target, name, target)) as unknown,
  });
};

describe('a WebSocket is asked for', () => {
  it.each(['websocket', 'WebSocket'])('with Upgrade: %s', (upgrade) => {
    expect(isUpgrade(asked({ upgrade }))).toBe(true);
  });

  it.each(['h2c', 'websocket2', '', 'TLS/1.0'])('not with Upgrade: %s', (upgrade) => {
    expect(isUpgrade(asked({ upgrade }))).toBe(false);
  });

  test('not without, and by GET only (RFC 6455, section 4.1)', () => {
    expect(isUpgrade(asked({}))).toBe(false);
    for (const method of ['HEAD', 'POST'])
      expect(isUpgrade(asked({ upgrade: 'websocket' }, method))).toBe(false);
  });
});

describe('server-sent events', () => {
  it.each([
    ['text/event-stream', true],
    ['Text/Event-Stream; charset=utf-8', true],
    ['application/json, text/event-stream', false],
    ['text/html', false],
    ['*/*', false],
  ])('Accept: %s asks for them: %s', (accept, expected) => {
    expect(asksForEvents(asked({ accept }))).toBe(expected);
    expect(asksForEvents(asked({}))).toBe(false);
  });

  it.each([
    ['text/event-stream', true],
    ['text/event-stream;charset=UTF-8', true],
    ['text/plain', false],
  ])('Content-Type: %s is a stream of them: %s', (type, expected) => {
    expect(isEventStream(new Response('', { headers: { 'content-type': type } }))).toBe(expected);
  });
});

describe('Max-Forwards (RFC 9110, section 7.6.2)', () => {
  const count = (method: string, field?: string) =>
    countForward(asked(field === undefined ? {} : { 'max-forwards': field }, method));

  test('counts down', () => {
    for (const method of ['OPTIONS', 'TRACE'])
      expect(count(method, '2')).toEqual({ type: 'pass', add: [['max-forwards', '1']] });
    expect(count('OPTIONS', '1')).toEqual({ type: 'pass', add: [['max-forwards', '0']] });
  });

  it.each([
    ['OPTIONS', 204],
    ['TRACE', 405],
  ])('at 0 %s ends here, with %i', (method, status) => {
    const hops = count(method, '0');
    expect(hops.type === 'answer' && hops.response.status).toBe(status);
  });

  it.each([
    ['GET', '0'],
    ['POST', '0'],
    ['OPTIONS', undefined],
    ['OPTIONS', '-1'],
    ['TRACE', 'many'],
  ])('of %s: %s counts for nothing', (method, field) => {
    expect(count(method, field)).toEqual({ type: 'pass', add: [] });
  });
});
