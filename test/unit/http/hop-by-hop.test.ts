import { expect, it, test } from 'vitest';
import { connectionFields, deleteHopByHop } from '../../../src/http/hop-by-hop.ts';

function remaining(init: Record<string, string>): string[] {
  const headers = new Headers(init);
  deleteHopByHop(headers);
  return [...headers.keys()].toSorted();
}

it.each([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])('%s ends here (RFC 9110, section 7.6.1)', (name) => {
  expect(remaining({ [name]: 'close', 'x-kept': '1' })).toEqual(['x-kept']);
});

it.each([
  ['the fields that Connection names', 'x-one, X-Two', ['x-kept']],
  ['without a space', 'x-one,x-two', ['x-kept']],
  ['with empty elements', ', x-one ,, x-two ,', ['x-kept']],
  ['only those', 'close', ['x-kept', 'x-one', 'x-two']],
  ['an empty list', '', ['x-kept', 'x-one', 'x-two']],
  ['not what is no field name', 'x one, "x-two", @é', ['x-kept', 'x-one', 'x-two']],
])('%s', (_what, connection, names) => {
  expect(remaining({ connection, 'x-one': '1', 'x-two': '2', 'x-kept': '3' })).toEqual(names);
});

test('fields that go on to the next hop stay', () => {
  const kept = { 'cache-control': 'a', 'content-type': 'b', via: 'c', warning: 'd', etag: '"e"' };
  expect(remaining(kept)).toEqual(Object.keys(kept).toSorted());
});

test('Connection does not name what is for all recipients (RFC 9110, section 7.6.1)', () => {
  const kept = {
    'cache-control': 'no-store',
    vary: 'a',
    'content-type': 'b',
    etag: '"e"',
    age: '1',
  };
  const connection = 'Cache-Control, vary, content-type, ETag, age';
  expect(remaining({ connection, ...kept })).toEqual(Object.keys(kept).toSorted());
});

test('the names in Connection, in lower case, each once (RFC 9110, section 7.6.1)', () => {
  const headers = new Headers({ connection: 'close, X-One,x-one , , "x", Cache-Control' });
  expect([...connectionFields(headers)]).toEqual(['close', 'x-one']);
  expect([...connectionFields(new Headers())]).toEqual([]);
});
