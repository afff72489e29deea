import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Bundles a Worker as wrangler does one of somebody who imports the library.
 * @param entry from the root of the project
 * @param plugins may break the build on purpose
 */
export async function bundleWorker(
  entry: string,
  plugins: readonly Plugin[] = [],
): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [join(root, entry)],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2024',
      platform: 'browser',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['cloudflare:*', 'node:*'],
      logLevel: 'silent',
      plugins: [...plugins],
    });
    const [output] = outputFiles;
    if (output === undefined) throw new Error('esbuild made no bundle.');
    return output.text;
  } finally {
    // Its service would stay as long as this process.
    await stop();
  }
}

/** The compatibility date that is deployed. */
export function compatibilityDate(): string {
  const configuration = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  const date = /^compatibility_date\s*=\s*"([^"]+)"/m.exec(configuration)?.[1];
  if (date === undefined) throw new Error('wrangler.toml has no compatibility_date.');
  return date;
}
