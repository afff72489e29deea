import { describe, expect, test } from 'vitest';
import { unkeyedWords } from '../../../src/gateway/reflection.ts';
import { repeats } from '../../../src/gateway/repetition.ts';

type Fields = Readonly<Record<string, string>>;
const NO_FIELDS: Fields = {};

/** Whether what such a request is answered may be nobody else's. */
function isRefused(
  fields: Fields,
  body: string,
  { url = 'https://cdn.acme.example/app.js', response = NO_FIELDS } = {},
): boolean {
  const page = new URL(url);
  const keyed = { url: page, hosts: [page.hostname], names: [] };
  const words = unkeyedWords(new Headers(fields), keyed);
  if (words === 'too-many') return true;
  return repeats(words, new Headers(response), new TextEncoder().encode(body));
}

describe('what the platform and proxies add to each request is no word', () => {
  test.each([
    ['cloudflare', 'https://cdnjs.cloudflare.com/ajax/libs/a.js'],
    ['cloudflare; loops=1', 'protected by Cloudflare'],
    ['cloudflare; loops=1; subreqs=1', 'loops, subreqs=1'],
  ])('%s', (loop, body) => {
    const fields = { 'cdn-loop': `${loop}, tiercel; host="cdn.acme.example"` };
    expect(isRefused(fields, body, { response: { server: 'cloudflare' } })).toBe(false);
  });

  test('but for what else is said there', () => {
    expect(isRefused({ 'cdn-loop': 'cloudflare; loops=canary7' }, 'canary7')).toBe(true);
    expect(isRefused({ 'cdn-loop': 'cloudflare; a="//x.gd"' }, 'src="//x.gd"')).toBe(true);
  });
});

describe('a page of the site is said to lead to what is the site’s', () => {
  const links = 'const home = "https://www.acme.example/start";';
  test.each([
    ['the page of a host beside it, behind www', { referer: 'https://www.acme.example/' }],
    ['its script', { referer: 'https://www.acme.example/', origin: 'https://www.acme.example' }],
  ])('%s', (_, fields) => {
    expect(isRefused(fields, links)).toBe(false);
  });

  test.each([
    ['another host beside it', 'https://users.acme.example', undefined],
    ['another port', 'https://www.acme.example:8443', undefined],
    ['www of what is nobody’s', 'https://www.example', 'https://acme.example/app.js'],
    ['www of a suffix', 'https://www.co.uk', 'https://acme.co.uk/app.js'],
    ['www of a suffix of three letters', 'https://www.com.au', 'https://acme.com.au/app.js'],
    ['a host that only ends so', 'https://www.notacme.example', undefined],
  ])('not %s', (_, origin, url = 'https://cdn.acme.example/app.js') => {
    const body = `const home = "${origin}/start";`;
    expect(isRefused({ referer: `${origin}/` }, body, { url })).toBe(true);
  });
});

/** As the scripts of others leave them in a visitor's browser, on most of all sites. */
const LEFT_BY_OTHERS: readonly string[] = [
  'OptanonConsent=isGpcEnabled=0&datestamp=Mon+Nov+18+2024+10%3A00%3A00+GMT%2B0100+(Central+European+Standard+Time)&version=202405.2.0&isIABGlobal=false&interactionCount=1&landingPath=NotLandingPage&groups=C0001%3A1%2CC0003%3A1&AwaitingReconsent=false',
  'OptanonAlertBoxClosed=2024-11-18T10:00:00.000Z',
  'CookieConsent={stamp:%27abc/DEF+GHI4==%27%2Cnecessary:true%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1731000000000%2Cregion:%27de%27}',
  'mp_0123456789abcdef0123456789abcdef_mixpanel=%7B%22distinct_id%22%3A%20%22%24device%3A193abc%22%2C%22%24initial_referrer%22%3A%20%22%24direct%22%7D',
  'ph_phc_abcDEF0123456789_posthog=%7B%22%24initial_person_info%22%3A%7B%22r%22%3A%22%24direct%22%2C%22u%22%3A%22https%3A%2F%2Fcdn.acme.example%2F%22%7D%7D',
  'sbjs_current=typ%3Dorganic%7C%7C%7Csrc%3Dgoogle%7C%7C%7Cmdm%3Dorganic%7C%7C%7Ccmp%3D%28none%29; sbjs_first=typ%3Dtypein%7C%7C%7Csrc%3D%28direct%29; sbjs_current_add=fd%3D2024-11-18%2010%3A00%3A00%7C%7C%7Cep%3Dhttps%3A%2F%2Fcdn.acme.example%2F%7C%7C%7Crf%3Dhttps%3A%2F%2Fwww.google.com%2F',
  '_clsk=abc123%7C1731000000000%7C3%7C1%7Cu.clarity.ms%2Fcollect',
  'klaro=%7B%22analytics-tool%22%3Atrue%2C%22youtube%22%3Afalse%7D',
  'cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22targeting%22%5D%2C%22consent_date%22%3A%222024-11-18T10%3A00%3A00.000Z%22%7D',
  'borlabs-cookie=%7B%22consents%22%3A%7B%22statistics%22%3A%5B%22google-analytics%22%5D%2C%22marketing%22%3A%5B%22facebook-pixel%22%5D%7D%7D',
  '_ga=GA1.1.1204466581.1731000000; _ga_ABCDE12345=GS1.1.1731000000.3.1.1731000123.60.0.0; _gcl_au=1.1.1234567890.1731000000; _fbp=fb.1.1731000000000.1234567890',
];

const BUNDLE =
  'if(explicit)location.redirect(direct);const central="standard",interactionCount=1,AwaitingReconsent=0;flex-direction:column;organic;typein;collect;"2024-11-18T10:00:00.000Z";targeting;"https://www.google.com/";google-analytics,facebook-pixel;analytics-tool;_ga;European';

describe('what the scripts of others keep in cookies', () => {
  test.each(LEFT_BY_OTHERS)('is no word as long as it is plain: %s', (cookie) => {
    expect(isRefused({ cookie }, BUNDLE)).toBe(false);
  });

  test.each([
    [
      'a token',
      'OptanonConsent=consentId=9d7a5e4e-1111-4222-8333-abcdefabcdef',
      '9d7a5e4e-1111-4222-8333-abcdefabcdef',
    ],
    ['a long number', '_ga=GA1.1.1204466581.1731000000', 'GA1.1.1204466581.1731000000'],
    ['a host', 'sbjs_first=src%3Devil.example%7C%7C%7C', 'src="//evil.example/a.js"'],
    ['an address', 'sbjs_first=src%3D//10.20.30.40/', 'src="//10.20.30.40/a.js"'],
    [
      'an address of few figures',
      'sbjs_first=//1.1.1.1/abcdefgh',
      '<script src=//1.1.1.1/abcdefgh>',
    ],
    ['a short host', 'sbjs_first=https%3A%2F%2Fx.gd%2Fabcdefgh', 'src="https://x.gd/abcdefgh"'],
    [
      'a page of a site that leads elsewhere',
      'klaro=https://t.co/abcdefgh',
      'href="https://t.co/abcdefgh"',
    ],
    ['markup', 'sbjs_first=%3Cimg src=banner%3E', '<img src=banner>'],
    ['a string that ends', 'CookieConsent=%27-alert(origin)-%27', "var x = ''-alert(origin)-''"],
    ['a statement', 'cc_cookie="%3Blocation=window.name//', 'x="";location=window.name//"'],
    ['the same word in another cookie', 'campaign=organic', 'organic'],
    ['one that only begins like it', 'klaro_campaign=organic', 'organic'],
  ])('is one where it is more: %s', (_, cookie, body) => {
    expect(isRefused({ cookie }, body)).toBe(true);
  });
});

test.each([
  ['Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)', 'AhrefsBot'],
  ['Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)', 'SemrushBot'],
  [
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
    'GPTBot',
  ],
  ['Googlebot-Image/1.0', 'Googlebot-Image'],
  ['Twitterbot/1.0', 'Twitterbot'],
])('robots.txt names the crawler that asks for it: %s', (agent, name) => {
  const url = 'https://acme.example/robots.txt';
  const body = `User-agent: *\nUser-agent: ${name}\nDisallow: /cart`;
  expect(isRefused({ 'user-agent': agent }, body, { url })).toBe(false);
});

test('a page that links to the site whose app shows it', () => {
  const agent =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22B83 Instagram 357.1.4.32.104 (iPhone15,2; iOS 18_1; en_US; en; scale=3.00; 1179x2556; 660000000; IABMV/1)';
  expect(isRefused({ 'user-agent': agent }, 'https://www.instagram.com/acme')).toBe(false);
});
