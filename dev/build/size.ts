import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** How large something is, in bytes, as it is and after gzip at its highest level. */
export interface Size {
  readonly name: string;
  readonly bytes: number;
  readonly gzipped: number;
}

export function measure(name: string, content: Uint8Array): Size {
  return { name, bytes: content.length, gzipped: gzipSync(content, { level: 9 }).length };
}

/** What a Worker grows by when it imports all of a door: minified, with the packages that the door needs. */
export async function measureDoor(specifier: string, folder: string): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from ${JSON.stringify(specifier)};`, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // As in wrangler: the platform's own modules stay imports.
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error(`esbuild made no bundle of ${specifier}`);
  return measure(specifier, bundle.contents);
}

/** The sizes as a small table. */
export function table(sizes: readonly Size[]): string {
  const rows = [
    ['', 'bytes', 'gzipped'],
    ...sizes.map(({ name, bytes, gzipped }) => [name, grouped(bytes), grouped(gzipped)]),
  ];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map(([name = '', ...numbers]) =>
      [
        name.padEnd(widths[0] ?? 0),
        ...numbers.map((text, index) => text.padStart(widths[index + 1] ?? 0)),
      ].join('  '),
    )
    .join('\n');
}

function grouped(bytes: number): string {
  return bytes.toLocaleString('en-US');
}
