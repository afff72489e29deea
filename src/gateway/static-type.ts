const FONT = /^font\/|^application\/(?:font|x-font|vnd\.ms-fontobject$|octet-stream$)/;
const IMAGE = /^image\//;
const MEDIA = /^(?:audio|video)\/|^application\/ogg$/;
const SCRIPT = /^(?:text|application)\/(?:x-)?(?:java|ecma)script$/;
const PACKED =
  /^application\/(?:gzip|java-archive|octet-stream|pdf|x-7z-compressed|x-bzip2?|x-gzip|x-zip-compressed|zip)$/;

/** What kind of content a path with this extension names. */
const KINDS: Readonly<Record<string, RegExp>> = {
  css: /^text\/css$/,
  js: SCRIPT,
  mjs: SCRIPT,
  map: /^application\/(?:json|octet-stream)$/,
  ...Object.fromEntries(
    ['avif', 'bmp', 'gif', 'ico', 'jpeg', 'jpg', 'png', 'svg', 'tif', 'tiff', 'webp'].map(
      (extension) => [extension, IMAGE],
    ),
  ),
  ...Object.fromEntries(['eot', 'otf', 'ttf', 'woff', 'woff2'].map((name) => [name, FONT])),
  ...Object.fromEntries(
    ['flac', 'm4a', 'm4v', 'mov', 'mp3', 'mp4', 'ogg', 'wav', 'webm'].map((name) => [name, MEDIA]),
  ),
  ...Object.fromEntries(['7z', 'bz2', 'gz', 'jar', 'pdf', 'zip'].map((name) => [name, PACKED])),
};

/**
 * True for a response whose content is not what its path's extension says, such as a page under `/me/x.css`: a sign of
 * web cache deception (Gil, 2017; Mirheidari et al., USENIX Security 2020). False for paths without a static extension.
 * @param url of the request
 */
export function contradictsExtension(url: string, headers: Headers): boolean {
  const kind = KINDS[extensionOf(new URL(url).pathname)];
  if (!kind) return false;
  const type = (headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
  return !kind.test(type.trim().toLowerCase());
}

/** What a server may take for the extension, whatever it decodes and cuts off. */
function extensionOf(pathname: string): string {
  const path = pathname
    .replace(/%2e/gi, '.')
    .replace(/(?:\/|%[01][0-9a-f]|%20|%23|%3b|%3f)+$/i, '');
  return /\.([a-z0-9]{1,5})$/i.exec(path)?.[1]?.toLowerCase() ?? '';
}
