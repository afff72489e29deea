/** Of analytics, advertising and consent scripts that stand on most sites: each by itself, and how the names of others begin. */
const NAMES: ReadonlySet<string> = new Set(
  `
  _clck _clsk _fbc _fbp _gid _rdt_uuid _scid _ttp ajs_anonymous_id borlabs-cookie cc_cookie cookieconsent
  cookiescriptconsent cookieyes-consent didomi_token euconsent-v2 hubspotutk klaro optanonalertboxclosed optanonconsent
  ttcsid uc_settings _tracking_consent
  `
    .trim()
    .split(/\s+/),
);
const BEGINNINGS =
  /^(?:_ga_|_gat_|_gcl_|_hj|_pk_|_uet|_vwo_|_ym_|__hs|__utm|amcv_|amp_mktg_|cmplz_|intercom-|mp_[0-9a-f]{32}_mixpanel$|optimizely|ph_[\w-]{16,64}_posthog$|sbjs_)/;

/** Letters, perhaps with lines between them; a time as JSON writes it, or a run of it. */
const PLAIN =
  /^(?:[A-Za-z_-]+|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}(?::[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)?)?|[0-9]{2}\.[0-9]{3}Z)$/;

/** A string that can be left, and what a script could do then: call, end a statement, assign. */
const STRING_END = /["'`\\]/;
const DOING = /[(;]|=[^=',"]/;

/**
 * True for a cookie that the script of somebody else keeps, so that visitors of most sites have it: an origin has no use for
 * its words, such as `direct` and `Standard`, and they stand in every page.
 */
export function isOfOthers(name: string): boolean {
  const lower = name.toLowerCase();
  return NAMES.has(lower) || BEGINNINGS.test(lower);
}

/**
 * True for a word in the value of such a cookie of which nothing comes: no token, number, host or address.
 * @param text in which it stands
 */
export function isPlainThere(run: string, text: string): boolean {
  return PLAIN.test(run) && !(STRING_END.test(text) && DOING.test(text));
}
