import { createMiddleware } from 'hono/factory';
import type { Scope } from '../config/config.ts';
import { forbidden, unauthenticated } from './problems.ts';
import type { RouteEnv, Services } from './services.ts';

/** Lets a request pass whose bearer token may use `scope` on the request's tenant; 401 or 403 otherwise. */
export const authorize = ({ credentials }: Services, scope: Scope) =>
  createMiddleware<RouteEnv>(async function authorized(context, next) {
    const access = await credentials.authorize(
      context.req.header('authorization') ?? null,
      context.var.tenant.id,
      scope,
    );
    if (access.allowed) return next();
    return access.reason === 'unauthenticated' ? unauthenticated() : forbidden(scope);
  });
