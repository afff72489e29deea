import { httpCases } from '../support/http-cases.ts';
import * as cacheStatus from './http/cache-status.ts';
import * as conditions from './http/conditions.ts';
import * as freshness from './http/freshness.ts';
import * as head from './http/head.ts';
import * as headers from './http/headers.ts';
import * as invalidation from './http/invalidation.ts';
import * as parts from './http/parts.ts';
import * as personal from './http/personal.ts';
import * as ranges from './http/ranges.ts';
import * as requestDirectives from './http/request-directives.ts';
import * as stale from './http/stale.ts';
import * as storing from './http/storing.ts';
import * as targeted from './http/targeted.ts';
import * as validation from './http/validation.ts';
import * as variants from './http/variants.ts';
import * as vary from './http/vary.ts';

const tables = [
  storing,
  headers,
  freshness,
  validation,
  head,
  personal,
  vary,
  variants,
  ranges,
  parts,
  conditions,
  invalidation,
  requestDirectives,
  targeted,
  stale,
  cacheStatus,
];

for (const table of tables) for (const topic of Object.values(table)) httpCases(topic);
