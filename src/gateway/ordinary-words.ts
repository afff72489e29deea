/**
 * What ordinary clients say to every server, in lower case: found in a response, it tells nothing of the one who asked. No
 * harm comes of it either, because nobody can make up another.
 */
const ORDINARY: ReadonlySet<string> = new Set(
  `
  application atom audio avif apng css csv event-stream font gif html image javascript jpeg jpg json jsonp jxl ld mathml mp4
  mpeg octet-stream ogg otf pdf plain png problem rss signed-exchange svg text ttf video wasm wav webm webp woff woff2
  x-www-form-urlencoded multipart form-data xhtml xml yaml charset utf-8 iso-8859-1 us-ascii windows-1252
  gzip deflate br zstd identity compress trailers chunked close keep-alive upgrade
  max-age max-stale min-fresh no-cache no-store no-transform only-if-cached stale-if-error must-revalidate public private
  audioworklet document embed empty fencedframe frame iframe manifest object paintworklet report script serviceworker
  sharedworker speculationrules style track webidentity worker xslt
  cors no-cors navigate nested-navigate same-origin same-site cross-site websocket prefetch prerender preview none
  active inactive storage-access
  attachment inline
  bearer basic digest negotiate token anonymous null undefined
  xmlhttprequest fetch http https ftp http2 websocket
  mozilla applewebkit khtml gecko like compatible safari chrome chromium crios firefox fxios mobile version edg edge edga
  edgios opr opera brave vivaldi yabrowser samsungbrowser trident msie webkit headlesschrome google microsoft samsung
  internet explorer yandex android webview brand browser not
  macintosh windows iphone ipad ipod linux x11 ubuntu debian fedora cros macos ios darwin intel mac os win64 wow64 x64 x86
  x86_64 15e148 aarch64 arm64 i686 amd64 x86-64 ppc mobile tablet desktop build chrome-os chromeos harmonyos freebsd
  curl libcurl wget openssl zlib libidn2 libpsl nghttp2 httpie postmanruntime insomnia
  node node-fetch undici axios got bun deno okhttp dalvik retrofit cfnetwork alamofire urlsession go-http-client
  python-requests python-urllib aiohttp httpx python java apache-httpclient reactor-netty ruby faraday guzzlehttp php perl
  libwww-perl rest-client googlebot bingbot applebot yandexbot duckduckbot facebookexternalhit bot.html bingbot.htm
  adsbot-google ahrefsbot amazonbot baiduspider bytespider ccbot chatgpt-user claudebot dotbot googlebot-image
  googlebot-news googlebot-video googleother gptbot linkedinbot mediapartners-google meta-externalagent mj12bot oai-searchbot
  perplexitybot petalbot pinterestbot semrushbot seznambot slackbot slackbot-linkexpanding twitterbot uptimerobot
  instagram pinterest snapchat whatsapp linkedinapp
  akamai cloudflare cloudfront envoy fastly loops squid subreqs varnish
  true false yes on off accept accepted accept-all allow allowed all allow-all agree agreed consent consented default
  denied deny dismissed enabled disabled essential functional granted hidden light dark auto system marketing necessary
  analytics preferences statistics performance advertising personalization rejected required shown visited closed
  collapsed expanded session tiercel
  www.google.com google.com www.bing.com bing.com duckduckgo.com search.yahoo.com yandex.ru yandex.com www.baidu.com
  www.ecosia.org search.brave.com www.facebook.com facebook.com l.facebook.com lm.facebook.com m.facebook.com
  www.instagram.com instagram.com l.instagram.com www.linkedin.com linkedin.com www.reddit.com reddit.com old.reddit.com
  www.youtube.com youtube.com m.youtube.com www.pinterest.com twitter.com x.com t.co mail.google.com github.com
  `
    .trim()
    .split(/\s+/),
);

/** What an origin can be talked into saying by: markup, and what ends a string of a script. */
const MARKUP = /[<>"'`\\]/;
const ENCODED_MARKUP = /%(?:22|27|3c|3e|5c|60)/i;

/** What Chromium puts among the brands of `Sec-CH-UA`, so that servers do not take the list for closed. */
const NO_BRAND = /^(?:not[._-])?a[._-]brand$/i;

/** An account of one's languages and their weights. */
const LANGUAGE = /^(?:\*|[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?)$/i;

/** A date of HTTP (RFC 9110, section 5.6.7): of a response, most often. */
const DATE = /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/;

/** Browsers, libraries and engines with their versions, as they stand in `User-Agent`. */
const PRODUCT = /(?<![A-Za-z0-9_-])[A-Za-z][A-Za-z0-9_-]*\/[0-9][0-9._]{0,31}(?![A-Za-z0-9_-])/g;

/**
 * Tokens, and strings as client hints have them (RFC 9651): nothing that ends a string of a script, and goes on behind it.
 * The brand that is none has a character of Chromium's choice between its words.
 */
const PLAIN =
  /^(?:[A-Za-z0-9 \t._~*/;=?:+-]|(?<![^\t ;=])"(?:[A-Za-z0-9][A-Za-z0-9 ._-]*|[ ;(]?Not[ ():;=?._/-]A[ ():;=?._/-]Brand)?"(?![^\t ;]))*$/i;

/** What a page can load from: a reference, a host with what stands behind it, an address, also one of fewer than four numbers. */
const REFERENCE =
  /\/\/|[a-z]\.[a-z]{2,}[\t ]*[:/]|(?<![\w."=~-])[0-9]+(?:\.[0-9]+){1,3}(?=[:/]|$)|=[0-9]+(?:\.[0-9]+){2,3}(?=[:/;]|$)/i;

const ADDRESS = /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/;

/** True for markup, plain or percent-encoded. */
export function hasMarkup(value: string): boolean {
  return MARKUP.test(value) || ENCODED_MARKUP.test(value);
}

/** True for one word that ordinary clients send, and for a number of fewer than six digits. */
export function isOrdinaryWord(word: string): boolean {
  if (ORDINARY.has(word.toLowerCase()) || NO_BRAND.test(word)) return true;
  return /^[0-9._~-]*$/.test(word) && word.replace(/[^0-9]/g, '').length < 6;
}

/** True for a value that is made of such words alone, as `text/html, *;q=0.8`. */
export function isOrdinaryValue(value: string): boolean {
  // A version, as apps send it with every request.
  if (/^[0-9]{1,3}\.[0-9]{1,2}$/.test(value)) return true;
  if (!PLAIN.test(value) || REFERENCE.test(value)) return false;
  const words = value.split(/[^A-Za-z0-9._~-]+/);
  return words.every((word) => word.length < 3 || isOrdinaryWord(word));
}

/** True for an address of IP version 4, which a version of four numbers looks like. */
export function isAddress(word: string): boolean {
  return ADDRESS.test(word);
}

/** True for the host of a site that leads to all others, and of which nobody chooses what stands there. */
export function isOrdinaryHost(hostname: string): boolean {
  return /[a-z]\.[a-z]/.test(hostname) && ORDINARY.has(hostname);
}

/** True for what `Accept-Language` lists as a language that there is: language, script and region, and no more. */
export function isOrdinaryLanguage(member: string): boolean {
  return LANGUAGE.test(member);
}

/** True for a date that is written as HTTP writes dates. */
export function isHttpDate(value: string): boolean {
  return DATE.test(value.trim());
}

/** `User-Agent` without the products that ordinary clients name in it. */
export function withoutProducts(userAgent: string): string {
  return userAgent.replaceAll(PRODUCT, (product) => {
    const name = product.slice(0, product.indexOf('/'));
    return ORDINARY.has(name.toLowerCase()) ? ' ' : product;
  });
}
