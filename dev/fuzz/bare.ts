import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compatibilityDate } from '../launcher/bundle.ts';
import { WorkerProcess } from '../torture/worker-process.ts';

/**
 * A Worker that does next to nothing: it looks in the Cache API for a GET, asks the origin, keeps what came for two seconds, and
 * holds nothing itself. What its process holds under the same requests is the runtime's and the emulator's, and not the gateway's.
 */
const SCRIPT = `
export default {
  async fetch(request, env, execution) {
    const url = new URL(request.url);
    const origin = env[url.hostname.replace(/\\.fuzz\\.test\\.?$/, '').replace(/^www\\./, '')] ?? env.plain;
    const isGet = request.method === 'GET';
    try {
      const hit = isGet ? await caches.default.match(request.url) : undefined;
      if (hit) return hit;
      const headers = new Headers(request.headers);
      headers.set('x-forwarded-host', url.hostname);
      const init = { method: request.method, headers, redirect: 'manual', cache: 'no-store' };
      if (request.body && !isGet && request.method !== 'HEAD') init.body = request.body;
      const response = await fetch(origin + url.pathname + url.search, init);
      if (!isGet) return response;
      const kept = new Response(await response.clone().arrayBuffer(), { headers: { 'cache-control': 'max-age=2' } });
      execution.waitUntil(caches.default.put(request.url, kept).catch(() => undefined));
      return response;
    } catch {
      return new Response(null, { status: 502 });
    }
  },
};
`;

/** What of the gateway counts for a bare Worker as well. */
export interface BareWorker {
  readonly url: string;
  readonly pid: () => number;
  readonly inspector: () => Promise<URL>;
  stop(): Promise<void>;
}

/**
 * Starts it in workerd, as the gateway is started.
 * @param origins by the tenant's id
 * @param script another one in its place
 */
export async function startBareWorker(
  origins: Readonly<Record<string, string>>,
  script: string = SCRIPT,
): Promise<BareWorker> {
  const folder = await mkdtemp(join(tmpdir(), 'tiercel-bare-'));
  const clear = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const worker = await WorkerProcess.start({
      index: 0,
      name: 'tiercel',
      script,
      compatibilityDate: compatibilityDate(),
      folder,
      direct: true,
      inspected: true,
      variables: origins,
    });
    return {
      url: `http://127.0.0.1:${worker.port}`,
      pid: () => worker.pid,
      inspector: () => worker.inspector(),
      async stop() {
        await worker.stop();
        await clear();
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
}
