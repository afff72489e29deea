import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cloudflareTest } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root,
  test: {
    // Both lanes of `npm test` run at once on a small machine, so nothing may depend on being quick:
    // tests wait for conditions, and these are the ceilings.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    allowOnly: false,
    coverage: {
      provider: 'istanbul',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'text', 'json-summary'],
      reportsDirectory: './coverage',
      thresholds: { lines: 90 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: [
            'test/dev/**/*.test.ts',
            'test/unit/**/*.test.ts',
            'test/architecture/**/*.test.ts',
            'test/property/**/*.test.ts',
          ],
          environment: 'node',
          // Vitest wants a group of its own for each project that sets its number of workers.
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        plugins: [
          cloudflareTest({
            // No bindings: a test hands the Worker an `env` of its own, built from inject().
            miniflare: { ...compatibility(), compatibilityFlags: [] },
          }),
        ],
        test: {
          name: 'workers',
          include: ['test/contract/**/*.test.ts', 'test/worker/**/*.test.ts'],
          globalSetup: ['./test/support/global-setup.ts'],
          // One file at a time: they share one Redis, and a test may flush it or take it away.
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
        },
      },
    ],
  },
});

/** The compatibility date that is deployed, so that tests run in the workerd behaviour that users get. */
function compatibility(): { compatibilityDate: string } {
  const file = `${root}wrangler.toml`;
  const date = existsSync(file)
    ? /^compatibility_date\s*=\s*"(\d{4}-\d{2}-\d{2})"/m.exec(readFileSync(file, 'utf8'))?.[1]
    : '2026-08-01';
  if (date === undefined)
    throw new Error('wrangler.toml has no compatibility_date = "YYYY-MM-DD" line.');
  return { compatibilityDate: date };
}
