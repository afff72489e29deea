import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  isForeignLoop,
  isLooped,
  ownHop,
  ownHops,
  parseCdnLoop,
} from '../../../src/gateway/cdn-loop.ts';
import { isUnusual } from '../../../src/gateway/unusual-request.ts';

const here = { host: 'a.example' };
const looped = (field: string): boolean =>
  isLooped({ headers: new Headers({ 'cdn-loop': field }) }, here);

describe('reading CDN-Loop (RFC 8586, section 2)', () => {
  it.each<[string, readonly (readonly [string, string?])[]]>([
    ['', []],
    [',, ,', []],
    ['cloudflare', [['cloudflare']]],
    ['cloudflare; loops=1; subreqs=1', [['cloudflare']]],
    [
      'foo123.foocdn.example, barcdn.example; trace="abcdef"',
      [['foo123.foocdn.example'], ['barcdn.example']],
    ],
    ['AnotherCDN; abc=123; def="456"', [['anothercdn']]],
    ['cdn.example:8080, [2001:db8::1]:443', [['cdn.example:8080'], ['[2001:db8::1]:443']]],
    ['tiercel; host="a.example"', [['tiercel', 'a.example']]],
    ['Tiercel ;\tHOST=A.example', [['tiercel', 'a.example']]],
    ['tiercel;host="a.example:8787"', [['tiercel', 'a.example:8787']]],
    ['tiercel; host="a\\.example"', [['tiercel', 'a.example']]],
    ['x; a="b, tiercel; host=c", y', [['x'], ['y']]],
    ['x; a="\\", y', [['y']]],
    ['!!"bad, tiercel; host="a.example"', [['tiercel', 'a.example']]],
    ['x; a="never closed, tiercel; host="a.example"', [['tiercel', 'a.example']]],
    ['x y z, tiercel; host="a.example"; b', []],
  ])('%s', (field, hops) => {
    expect(parseCdnLoop(field)).toEqual(hops.map(([id, host]) => ({ id, host })));
  });

  const garbage = fc
    .array(fc.constantFrom('"', '\\', ';', ',', '=', ' ', 'a', 'tiercel', 'host', '"b"', '\t'), {
      maxLength: 40,
    })
    .map((parts) => parts.join(''));

  test('what was added last is read whatever a client has put in front of it', () => {
    fc.assert(
      fc.property(garbage, (before) => {
        expect(looped(`${before}, ${ownHop(here)}`)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test.each(['a;b="', 'a;b="\\",', 'a;b=c,', 'a;', '"', ',', '\\"', 'a;b="\\\\', '\t'])(
    'it is found behind 64 KB of %j',
    (piece) => {
      const before = piece.repeat(65_536 / piece.length);
      expect(looped(`${before}, ${ownHop(here)}`)).toBe(true);
    },
  );
});

describe('a request that goes round in a circle', () => {
  it.each([
    ['has been passed on for this host', 'tiercel; host="a.example"'],
    ['whoever else it went through', 'cloudflare; loops=1, tiercel; host="a.example", x; host=y'],
    ['in whatever case', 'TIERCEL; host=A.EXAMPLE'],
    [
      'has been through nine others',
      Array.from({ length: 9 }, (_, n) => `tiercel; host=h${n}`).join(),
    ],
    ['nine without a host', 'tiercel,'.repeat(9)],
  ])('%s', (_what, field) => {
    expect(looped(field)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['another port is another host', 'tiercel; host="a.example:8787"'],
    [
      'other hosts, eight of them',
      Array.from({ length: 8 }, (_, n) => `tiercel; host=h${n}`).join(),
    ],
    ['others, as many as they are', 'cloudflare; loops=1,'.repeat(20)],
    ['our name as a parameter of somebody', 'x; tiercel="host=a.example"'],
    ['the host as a parameter of somebody', 'x; host="a.example"'],
    [
      'our name inside of another',
      'nottiercel; host="a.example", tiercel.example; host="a.example"',
    ],
  ])('is not one with %s', (_what, field) => {
    expect(looped(field)).toBe(false);
  });

  test('is none without the field', () => {
    expect(isLooped({ headers: new Headers() }, here)).toBe(false);
  });
});

describe('what goes along', () => {
  test('our own member can be read back', () => {
    for (const host of ['a.example', 'a.example:8787', '[::1]:80', 'x"y\\z.example'])
      expect(isLooped({ headers: new Headers({ 'cdn-loop': ownHop({ host }) }) }, { host })).toBe(
        true,
      );
  });

  test('of a request that is nobody’s in particular only what gateways added', () => {
    expect(ownHops(null)).toBeUndefined();
    expect(ownHops('cloudflare; loops=1, fastly, tiercel')).toBeUndefined();
    expect(ownHops('cloudflare, tiercel; host=b.example; x=1, "bad, tiercel; host="c"')).toBe(
      'tiercel; host="b.example", tiercel; host="c"',
    );
  });

  test('another network’s name makes a request unusual: its error is kept for nobody', () => {
    const unusual = (field: string): boolean =>
      isUnusual({ headers: new Headers({ 'cdn-loop': field }) });
    expect(isForeignLoop('fastly')).toBe(true);
    expect(unusual('cloudflare; loops=1, fastly')).toBe(true);
    expect(unusual('cloudflare; loops=1, tiercel; host="b.example"')).toBe(false);
  });
});
