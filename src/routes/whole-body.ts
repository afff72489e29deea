import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import { badRequest, tooLarge } from './problems.ts';
import type { RouteEnv } from './services.ts';

/**
 * Lets a request pass whose body has arrived whole: 413 for more than `maxSize` bytes, 400 for one that breaks off. The route
 * reads it again from memory.
 */
export const wholeBody = (maxSize: number) => {
  const limit = bodyLimit({ maxSize, onError: () => tooLarge(maxSize) });
  return createMiddleware<RouteEnv>(async function bodyArrived(context, next) {
    try {
      const refused = await limit(context, () => Promise.resolve());
      if (refused) return refused;
      await context.req.arrayBuffer();
    } catch {
      return badRequest('The body broke off.');
    }
    return next();
  });
};
