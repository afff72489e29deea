import { httpCases } from '../support/http-cases.ts';
import * as bodies from './http/policy-bodies.ts';
import * as browser from './http/policy-browser.ts';
import * as stale from './http/policy-stale.ts';
import * as ttl from './http/policy-ttl.ts';
import * as variants from './http/policy-variants.ts';

for (const table of [ttl, stale, browser, variants, bodies])
  for (const topic of Object.values(table)) httpCases(topic);
