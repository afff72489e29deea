import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unkeyedWords } from '../../../src/gateway/reflection.ts';
import { cutsAWord, repeats } from '../../../src/gateway/repetition.ts';

const url = new URL('https://shop.example/shoes/red?size=42');
const hosts = ['shop.example', 'cdn.shop-assets.example'];
const encoder = new TextEncoder();

type Fields = Readonly<Record<string, string>>;

/** Whether the response may be nobody else's. */
function isRefused(
  fields: Fields,
  body: string | Uint8Array,
  response: Fields = { 'content-type': 'text/html' },
  names: readonly string[] = [],
): boolean {
  const words = unkeyedWords(new Headers(fields), { url, hosts, names });
  const bytes = typeof body === 'string' ? encoder.encode(body) : body;
  return words === 'too-many' || repeats(words, new Headers(response), bytes);
}

const escapedForHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** Ways in which an origin writes what it was told. */
const ECHOES: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  html: escapedForHtml,
  url: encodeURIComponent,
  upper: (value) => value.toUpperCase(),
  json: (value) => JSON.stringify({ value }),
  script: (value) => `<script>var said = '${value.replaceAll("'", String.raw`\'`)}'</script>`,
};

/** Where a canary can stand: how the field is sent with it. */
const PLACES: readonly (readonly [name: string, value: (canary: string) => string])[] = [
  ['x-anything', (canary) => canary],
  ['x-anything', (canary) => `a, "b"; c=${canary}`],
  ['x-custom-host', (canary) => `${canary}.example`],
  ['origin', (canary) => `https://${canary}.example`],
  ['origin', (canary) => canary],
  ['referer', (canary) => `https://${canary}.example/`],
  ['referer', (canary) => `https://other.example/?q=${canary}`],
  ['referer', (canary) => `https://shop.example/"><i>${canary}`],
  ['referer', (canary) => canary],
  ['cookie', (canary) => `lang=de; seen=${canary}`],
  ['cookie', (canary) => `seen="${canary}"`],
  ['cookie', (canary) => `seen={"page":"${canary}"}`],
  ['cookie', (canary) => `seen=%7B%22page%22%3A%22${canary}%22%7D`],
  ['cookie', (canary) => `"><${canary}=1`],
  ['cookie', (canary) => `${canary}-7a=1`],
  ['cookie', (canary) => canary],
  ['accept-language', (canary) => canary],
  ['accept-language', (canary) => `en-GB,${canary};q=0.5`],
  ['user-agent', (canary) => canary],
  ['user-agent', (canary) => `Mozilla/5.0 (X11; Linux x86_64) ${canary}/1.0`],
  ['user-agent', (canary) => `Mozilla/5.0 ("><${canary})`],
  ['accept', (canary) => `text/${canary}, */*`],
  ['cache-control', (canary) => `no-cache, ${canary}=1`],
  ['authorization', (canary) => `Bearer ${canary}`],
  ['x-forwarded-for', (canary) => canary],
  ['if-none-match', (canary) => `"${canary}"`],
  ['range', (canary) => `${canary}=0-9`],
  ['via', (canary) => `1.1 ${canary}, 1.1 tiercel`],
  ['cdn-loop', (canary) => `${canary}; a=b, tiercel; host="shop.example"`],
  ['sec-ch-ua', (canary) => `"${canary}";v="130"`],
];

const canaries = fc
  .string({
    unit: fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789-_.~')),
    minLength: 6,
    maxLength: 40,
  })
  // A number of few figures is no canary, and what the key says is no word.
  .filter((canary) => /[a-z]{2}/i.test(canary))
  .map((canary) => `zq${canary}`);

test('what every origin says of freshness is no reflection', () => {
  const said = {
    'x-about': 's-maxage, max-age=2147483648, stale-while-revalidate, Accept-Language',
    'x-since': 'since Mon, 18 Nov 2024 10:00:00 GMT',
  };
  const response = {
    'cache-control': 's-maxage=0007, max-age=2147483648, stale-while-revalidate=60',
    'last-modified': 'Mon, 18 Nov 2024 10:00:00 GMT',
    vary: 'Accept-Language',
  };
  expect(isRefused(said, '', response)).toBe(false);
  const more = { 'cache-control': 'max-age=60, canary-private=1' };
  expect(isRefused({ 'x-about': 'canary-private' }, '', more)).toBe(true);
});

describe('a canary in a field outside the key', () => {
  test.each(Object.keys(ECHOES))('is found: %s', (how) => {
    const echo = ECHOES[how] ?? String;
    fc.assert(
      fc.property(
        canaries,
        fc.constantFrom(...PLACES),
        fc.constantFrom('', '"><', "';", '%22%3E'),
        (canary, [name, value], before) => {
          const said = value(before === '' ? canary : `${before}${canary}`);
          const fields = { [name]: said };
          expect(isRefused(fields, `<p>You said: ${echo(said)}</p>`)).toBe(true);
          expect(
            isRefused(fields, '', { 'x-said': echo(said).replaceAll(/[^\x20-\x7e]/g, '') }),
          ).toBe(true);
        },
      ),
    );
  });

  test('is found where the origin cuts a long value, at either end', () => {
    const long = `x${'abcdefghij'.repeat(30)}y`;
    expect(isRefused({ 'x-anything': long }, long.slice(0, 80))).toBe(true);
    expect(isRefused({ 'x-anything': long }, long.slice(-80))).toBe(true);
  });

  test('is found where the origin takes one member of a list', () => {
    const value = '<a href=//x.gd>, aaaaaaaaaaaa';
    expect(isRefused({ 'x-anything': value }, '<a href=//x.gd>')).toBe(true);
    expect(isRefused({ 'x-host-list': 'x.gd, aaaaaaaaaa' }, 'src="//x.gd/a.js"')).toBe(true);
  });

  test('is found in other letters than those of ASCII, in UTF-8 and in Latin-1', () => {
    const fields = { 'x-anything': 'ééÜÜàà' };
    expect(isRefused(fields, 'ééÜÜàà')).toBe(true);
    expect(isRefused(fields, Uint8Array.of(0xe9, 0xe9, 0xdc, 0xdc, 0xe0, 0xe0))).toBe(true);
    expect(isRefused(fields, 'other')).toBe(false);
  });

  test.each([
    ['the URL says it as well', { 'x-page': '/shoes/red' }, []],
    ['it selects', { 'x-anything': 'canary-1' }, ['x-anything']],
    [
      'a field that selects says it as well',
      { origin: 'https://canary-1.example', referer: 'https://canary-1.example/' },
      ['origin'],
    ],
  ])('is no word where %s', (_, fields, names) => {
    expect(isRefused(fields, '/shoes/red canary-1 https://canary-1.example', {}, names)).toBe(
      false,
    );
  });

  test('in a picture is found in its fields alone', () => {
    const picture = { 'content-type': 'image/png' };
    expect(isRefused({ 'x-anything': 'canary-1' }, 'canary-1', picture)).toBe(false);
    expect(isRefused({ 'x-anything': 'canary-1' }, '', { ...picture, 'x-a': 'canary-1' })).toBe(
      true,
    );
    expect(
      isRefused({ 'x-anything': 'canary-1' }, 'canary-1', { 'content-type': 'image/svg+xml' }),
    ).toBe(true);
  });

  test('behind more words than are looked for is refused unseen', () => {
    const cookie = Array.from({ length: 300 }, (_, at) => `c${at}=filler-${at}-filler`).join('; ');
    expect(isRefused({ cookie }, 'an ordinary page')).toBe(true);
  });
});

/** What clients send of themselves, as they have been seen to. */
const CLIENTS: readonly (readonly [name: string, fields: Fields])[] = [
  [
    'Chrome on Windows',
    {
      accept:
        'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
      'accept-language': 'en-US,en;q=0.9,de-CH;q=0.8,zh-Hans-CN;q=0.7',
      'cache-control': 'max-age=0',
      cookie:
        '_ga=GA1.1.1204466581.1731000000; theme=dark; consent=%7B%22necessary%22%3Atrue%2C%22analytics%22%3Afalse%7D; lang=en-US; cart=0',
      dnt: '1',
      priority: 'u=0, i',
      referer: 'https://shop.example/shoes',
      'sec-ch-ua': '"Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"',
      'sec-ch-ua-mobile': '?0',
      'sec-ch-ua-platform': '"Windows"',
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-user': '?1',
      'upgrade-insecure-requests': '1',
      'user-agent':
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
    },
  ],
  [
    'Chrome on Android, from a search',
    {
      accept: '*/*',
      'accept-language': 'de-DE,de;q=0.9',
      referer: 'https://www.google.com/',
      'sec-ch-ua': '"Not-A.Brand";v="99", "Chromium";v="124"',
      'sec-ch-ua-platform': '"Android"',
      'sec-fetch-mode': 'cors',
      'user-agent':
        'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36',
      'x-requested-with': 'XMLHttpRequest',
    },
  ],
  [
    'Firefox',
    {
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'accept-language': 'de,en-US;q=0.7,en;q=0.3',
      priority: 'u=0, i',
      referer: 'https://shop.example/contact',
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': 'cross-site',
      'sec-gpc': '1',
      te: 'trailers',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
    },
  ],
  [
    'Safari on an iPhone',
    {
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'accept-language': 'fr-FR,fr;q=0.9',
      'sec-fetch-dest': 'document',
      'user-agent':
        'Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1',
    },
  ],
  [
    'Safari on a Mac, a script of the site',
    {
      accept: 'application/json',
      'accept-language': 'en-GB,en;q=0.9',
      origin: 'https://www.shop.example',
      referer: 'https://www.shop.example/',
      'sec-fetch-dest': 'empty',
      'sec-fetch-mode': 'cors',
      'sec-fetch-site': 'same-site',
      'user-agent':
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15',
    },
  ],
  ['curl', { accept: '*/*', 'user-agent': 'curl/8.5.0' }],
  [
    'the fetch of Node',
    { accept: '*/*', 'accept-language': '*', 'sec-fetch-mode': 'cors', 'user-agent': 'node' },
  ],
  ['okhttp', { accept: 'application/json, text/plain', 'user-agent': 'okhttp/4.12.0' }],
  ['Go', { 'user-agent': 'Go-http-client/2.0' }],
  ['axios', { accept: 'application/json, text/plain, */*', 'user-agent': 'axios/1.7.7' }],
  ['Python', { accept: '*/*', 'user-agent': 'python-requests/2.32.3' }],
  [
    'a crawler',
    {
      accept:
        'text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8',
      from: 'googlebot(at)googlebot.com',
      'user-agent':
        'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/130.0.6723.58 Safari/537.36',
    },
  ],
  [
    'one that validates',
    {
      'if-modified-since': 'Mon, 18 Nov 2024 10:00:00 GMT',
      range: 'bytes=0-99999',
      'user-agent': 'curl/8.5.0',
    },
  ],
];

/** What the gateway adds to each of them. */
const ADDED = {
  'accept-encoding': 'identity',
  'cdn-loop': 'tiercel; host="shop.example"',
  via: '1.1 tiercel',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-host': 'shop.example',
  'x-forwarded-proto': 'https',
};

const PAGES: readonly (readonly [name: string, response: Fields, body: string])[] = [
  [
    'a page',
    {
      'cache-control': 'public, max-age=60, no-transform',
      'content-language': 'en-US',
      'content-range': 'bytes 0-99999/200000',
      'content-type': 'text/html; charset=utf-8',
      'last-modified': 'Mon, 18 Nov 2024 10:00:00 GMT',
      link: '<https://cdn.shop-assets.example/app.js>; rel=preload; as=script',
      vary: 'Accept-Encoding, Sec-Fetch-Dest',
    },
    `<!doctype html><html lang="en-US"><head><meta charset="utf-8"><title>Red shoes</title>
<link rel="canonical" href="https://shop.example/shoes/red?size=42"><link rel="alternate" hreflang="de-CH" href="https://shop.example/de-CH/shoes/red">
<link rel="alternate" hreflang="zh-Hans-CN" href="/zh-Hans-CN/"><script async src="https://www.googletagmanager.com/gtag/js"></script>
<script src="https://www.google.com/recaptcha/api.js"></script></head><body class="theme-light no-js" data-theme="default">
<nav><a href="/">Home</a><a href="/shoes">Shoes</a><a href="https://shop.example/contact">Contact</a><a href="https://www.shop.example/">Shop</a></nav>
<p>Best in Chrome, Chromium, Firefox, Safari, Microsoft Edge or Opera on Windows, macOS, Linux, Android, iPhone and iPad. Version 130.</p>
<select><option>English</option><option>Deutsch</option><option>français</option></select><form enctype="application/x-www-form-urlencoded"></form>
<script>var x = new XMLHttpRequest(); x.setRequestHeader('Accept', 'application/json, text/plain, */*'); document.cookie = 'consent=accepted'; if (!!window.analytics) fetch('/api', { mode: 'cors', cache: 'no-cache', credentials: 'same-origin' });</script>
<footer>© 2024. Call 555-0100. Powered by okhttp, node and undici. document navigate websocket</footer></body></html>`,
  ],
  [
    'an API',
    {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'Accept, Content-Type, X-Requested-With',
      'cache-control': 's-maxage=60, stale-while-revalidate=30',
      'content-type': 'application/json',
    },
    JSON.stringify({
      self: 'https://shop.example/shoes/red?size=42',
      site: 'https://www.shop.example/shoes/red',
      type: 'application/json',
      accepts: ['text/html', 'application/xml', 'gzip'],
      languages: ['en-US', 'de-CH', 'fr-FR', 'German', 'English'],
      price: 12_345,
      inStock: true,
      platform: ['Android', 'Windows'],
      theme: 'dark',
    }),
  ],
  [
    'a style sheet',
    { 'content-type': 'text/css' },
    '@media (prefers-color-scheme: dark) { .mobile, .desktop { font: 130.0.0.0 } } .document { color: #130000 }',
  ],
];

describe.each(CLIENTS)('an ordinary request: %s', (_, fields) => {
  test.each(PAGES)('shares %s', (__, response, body) => {
    expect(isRefused({ ...fields, ...ADDED }, body, response)).toBe(false);
  });

  test('does not share a page that repeats all of it, if there is anything in it', () => {
    const all = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
    const words = unkeyedWords(new Headers(fields), { url, hosts, names: [] });
    expect(isRefused(fields, all.join('\n'))).toBe(words.length > 0);
  });
});

test.each([
  [
    'a page of the same site',
    { referer: 'https://shop.example/about-us/our-team' },
    '<a href="/about-us/our-team">',
  ],
  [
    'a page of the host above',
    { referer: 'https://shop.example/imprint' },
    'https://shop.example/imprint',
  ],
  [
    'another host of the owner',
    { origin: 'https://cdn.shop-assets.example' },
    '//cdn.shop-assets.example/a.js',
  ],
  [
    'its own page, over http',
    { referer: 'http://shop.example/shoes' },
    'http://shop.example/shoes',
  ],
])('a link to %s is no reflection', (_, fields, body) => {
  expect(isRefused(fields, body)).toBe(false);
});

test.each([
  [
    'a token in the query of a page of the same site',
    { referer: 'https://shop.example/reset?token=ab12cd34ef' },
    'ab12cd34ef',
  ],
  [
    'the address of the client',
    { 'x-forwarded-for': '203.0.113.77' },
    'Your address: 203.0.113.77',
  ],
  [
    'an address of IP version 6',
    { 'x-forwarded-for': '2001:db8::1:2' },
    'Your address: 2001:db8::1:2',
  ],
  [
    'the whole of an ordinary User-Agent',
    { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0' },
    'You use Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0.',
  ],
  ['a short host', { 'x-custom-host': 'x.gd' }, '<script src="//x.gd/a.js">'],
  ['markup without a word', { 'x-anything': '<b>no</b>' }, 'Hello <b>no</b>'],
  ['an id', { 'x-user-id': '123456' }, '{"user":123456}'],
])('%s is a reflection', (_, fields, body) => {
  expect(isRefused(fields, body)).toBe(true);
});

test.each([
  ['a version of two numbers', { 'x-app-version': '12.4' }, '{"price":112.45}'],
  ['client hints of one number', { downlink: '1.45', dpr: '2.625' }, '1.45 2.625'],
  ['a weight', { accept: 'text/html;q=0.95' }, '0.95'],
  ['versions in hints', { 'sec-ch-ua-platform-version': '"15.0.0"' }, 'since 15.0.0'],
  ['a search', { referer: 'https://www.google.com/' }, 'https://www.google.com/recaptcha'],
])('what apps and browsers say with every request is no word: %s', (_, fields, body) => {
  expect(isRefused(fields, body)).toBe(false);
});

test.each([
  ['a host with a dot at its end', { 'x-custom-host': 'evil.gd.' }, '//evil.gd/a.js'],
  ['a host behind www', { 'x-custom-host': 'www.evil.gd' }, '//evil.gd/a.js'],
  ['an address of two large parts', { 'x-custom-host': '3.2580' }, '//3.2580/a.js'],
  [
    'a host in the query of a page of the same site',
    { referer: 'https://shop.example/?next=https%3A%2F%2Fevil.gd' },
    'href="https://evil.gd"',
  ],
  ['markup of three characters', { 'x-anything': '<b>' }, 'Hello <b>'],
  [
    'an encoded name of a cookie',
    { cookie: '%22%3Balert%281%29%2F%2F=1' },
    'var x = "";alert(1)//"',
  ],
])('%s is a reflection as well', (_, fields, body) => {
  expect(isRefused(fields, body)).toBe(true);
});

describe('a request that says very much', () => {
  const LONG = 60_000;
  test.each([
    ['a product without end', { 'user-agent': `${'a'.repeat(LONG)}!` }],
    ['a language with a gap', { 'accept-language': `a${' '.repeat(LONG)}b` }],
    ['many words', { 'x-anything': 'abcdef '.repeat(LONG / 7) }],
    ['markup alone', { 'x-anything': '<'.repeat(LONG) }],
    ['cookies alone', { cookie: 'a=b; '.repeat(LONG / 5) }],
    ['hops that are none', { 'cdn-loop': 'a;b="\\'.repeat(LONG / 6) }],
  ])('is read in time that grows with its length: %s', (_, fields) => {
    const began = performance.now();
    unkeyedWords(new Headers(fields), { url, hosts, names: [] });
    // What goes back over the text for each of its characters takes two seconds for each of them.
    expect(performance.now() - began).toBeLessThan(600);
  });

  test('is refused unseen where it is more than anybody says', () => {
    expect(unkeyedWords(new Headers({ a: ' x'.repeat(40_000) }), { url, hosts, names: [] })).toBe(
      'too-many',
    );
  });
});

test('a part that is cut out of a word, wherever its borders are, is known by it', () => {
  const word = 'canary-7f3a9d';
  const html = new Headers({ 'content-type': 'text/html' });
  const page = `<p>${word}</p>`;
  fc.assert(
    fc.property(fc.nat(page.length), fc.nat(page.length), (one, other) => {
      const [first, last] = one < other ? [one, other] : [other, one];
      const part = encoder.encode(page.slice(first, last));
      // Of fewer characters nobody makes anything.
      const has = Math.min(last, 3 + word.length) - Math.max(first, 3);
      const found = repeats([word], html, part) || cutsAWord([word], html, part);
      expect(found).toBe(has >= 3 || (has > 0 && has === part.length));
    }),
  );
});
