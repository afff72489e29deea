import { cc, topic } from '../../support/http-case.ts';
import { httpCases } from '../../support/http-cases.ts';

const SPELLINGS = [
  '',
  '*',
  '*;q=0',
  'br',
  'BR',
  'gzip',
  'GZip',
  'x-gzip',
  'deflate',
  'zstd',
  'dcb',
  'identity',
  'identity;q=0',
  'gzip;q=0',
  'gzip;q=0.000',
  'gzip;q=1.000',
  'gzip;q=2',
  'gzip;q=x',
  'gzip;Q=0.5',
  ' gzip ',
  'gzip,',
  ',gzip',
  ',,',
  'gzip gzip',
  'gzip;',
  'gzip;q',
  'nonsense',
];
const CODINGS = ['gzip', 'deflate', 'br', 'zstd', 'identity'];
const PAIRS = CODINGS.flatMap((one) => CODINGS.map((other) => `${one};q=0.8, ${other}`));

httpCases(
  topic(
    'the codings that a client takes make no variants [trap:accept-encoding] [trap:cache-busting]',
    [
      {
        section: 'RFC 9110 12.5.3',
        name: `one request to the origin, and one entry, for ${SPELLINGS.length + PAIRS.length} spellings`,
        steps: [
          {
            request: { headers: [['accept-encoding', 'gzip;q=0, zstd']] },
            origin: { headers: cc('max-age=60', ['vary', 'Accept-Encoding']) },
            expect: { sent: { 'accept-encoding': 'identity' } },
          },
          ...[...SPELLINGS, ...PAIRS].map((value) => ({
            request: { headers: [['accept-encoding', value]] as const },
            expect: { from: 'store' as const },
          })),
        ],
      },
    ],
  ),
);

const TEXT = 'a line of text\n'.repeat(100);
/** {@link TEXT} in gzip. */
const PACKED = await gzipped(TEXT);

httpCases(
  topic('a compressed body is stored as what it stands for [trap:compressed-bodies]', [
    {
      section: 'RFC 9110 8.4',
      name: 'hit, range and HEAD speak of the decoded bytes',
      steps: [
        {
          origin: { bytes: PACKED, headers: cc('max-age=60', ['content-encoding', 'gzip']) },
          expect: { body: TEXT },
        },
        { expect: { from: 'store', body: TEXT, headers: { 'content-length': `${TEXT.length}` } } },
        {
          request: { headers: [['range', 'bytes=0-5']] },
          expect: {
            from: 'store',
            status: 206,
            body: 'a line',
            headers: { 'content-range': `bytes 0-5/${TEXT.length}`, 'content-encoding': null },
          },
        },
        {
          request: { method: 'HEAD' },
          expect: { from: 'store', headers: { 'content-length': `${TEXT.length}` } },
        },
      ],
    },
  ]),
);

async function gzipped(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer()).toBase64();
}
