import type { Isolate } from './deployment.ts';
import type { TestOrigin } from './origin.ts';

/** Asks, and says who had the answer: `store`, and the origin was not asked; `origin`, which was asked once; or what else happened. */
export async function answeredBy(
  origin: TestOrigin,
  isolate: Isolate,
  path: string,
): Promise<string> {
  const before = await origin.count(path);
  const { cacheStatus, status } = await isolate.get(path);
  const asked = (await origin.count(path)) - before;
  const hit = cacheStatus?.['hit'] === true;
  if (hit && asked === 0) return 'store';
  if (!hit && asked === 1) return 'origin';
  return `status ${status}, ${JSON.stringify(cacheStatus)}, origin asked ${asked} times`;
}
