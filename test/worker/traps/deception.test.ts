import { at, cc, topic, type Case, type Fields } from '../../support/http-case.ts';
import { httpCases } from '../../support/http-cases.ts';

/* Web cache deception (Gil, 2017; Mirheidari et al., USENIX Security 2020): somebody is led to their own page by a URL that looks static. */

/** What servers take for `/me`, or for something below it, and caches for a style sheet or for something else. */
const PATHS = [
  '/me/x.css',
  '/me;x.css',
  '/me;/x.css',
  '/me%2fx.css',
  '/me%2Fx.css',
  '/me%252fx.css',
  '/me%3fx.css',
  '/me%23x.css',
  '/me%3bx.css',
  '/me%00.css',
  '/me%0a.css',
  '/me%7f.css',
  '/me%2ecss',
  '/me.css%20',
  '/me%zz.css',
  '/me//x.css',
  '/static/..%2fme',
  '/static/%2e%2e%2fme',
  '/static/..%5cme',
  '/me/..%5cx',
  '/static/..;/me',
  '/ME.CSS',
  '/me/x.PNG',
  '/me/x.js/',
];

const MINUTES = '10m';
const SESSION: Fields = [['cookie', 'session=1']];
const PAGE: Fields = [['content-type', 'text/html']];
const UNCHANGED: Fields = [...PAGE, ['last-modified', at(-86_400)]];

/** Their page, and then somebody else asks for the same URL. */
const deceived = (
  path: string,
  name: string,
  headers: Fields,
  policy: Case['policy'] = {},
  victim: Fields = [],
): Case => ({
  section: path,
  name,
  policy,
  steps: [
    { request: { path, headers: victim }, origin: { headers } },
    { request: { path }, expect: { from: 'origin' } },
  ],
});

const byDefault = { ttl: { default: MINUTES } };
const byRule = {
  paths: ['/*/static/*', '/*.css', '/*/me/*', '/*.js'].map((path) => ({ path, ...byDefault })),
};

httpCases(
  topic(
    'a page under a path that looks static is for its reader alone [trap:deception]',
    PATHS.flatMap((path) => [
      deceived(path, 'with a session, unchanged for a day', UNCHANGED, {}, SESSION),
      deceived(path, 'unchanged for a day', UNCHANGED),
      deceived(
        path,
        'with a session, where the tenant has a default time',
        PAGE,
        byDefault,
        SESSION,
      ),
      deceived(path, 'where the tenant has a default time', PAGE, byDefault),
      deceived(path, 'where the tenant has one for static paths', PAGE, byRule),
    ]),
  ),
);

const CSS: Fields = [['content-type', 'text/css']];
const stored = (
  path: string,
  name: string,
  headers: Fields,
  policy: Case['policy'] = {},
): Case => ({
  section: path,
  name,
  policy,
  steps: [
    { request: { path }, origin: { headers } },
    { request: { path }, expect: { from: 'store' } },
  ],
});
/** As it is, or as many servers read it. */
const PRIVATE = ['/private/a', '/static/..%2fprivate/a', '/static/..;/private/a', '/private%2fa'];

httpCases(
  topic('and this is what may be stored all the same [trap:deception]', [
    stored('/static/x.css', 'a style sheet, for the default time', CSS, byDefault),
    stored('/static/x.css', 'a style sheet, for the time of a rule', CSS, byRule),
    stored('/me/x.css', 'a page that its origin calls fresh', cc('public, max-age=60', ...PAGE)),
    stored('/me%2fx.css', 'and under an ambiguous path', cc('public, max-age=60', ...PAGE)),
    ...PRIVATE.map((path): Case => ({
      section: path,
      name: 'not where a rule keeps a part of the site out of the store, however it is written',
      policy: { paths: [{ path: '/*/private/*', cache: 'bypass' }] },
      steps: [
        { request: { path }, origin: { headers: cc('max-age=60') } },
        { request: { path }, expect: { from: 'origin' } },
      ],
    })),
  ]),
);
