/** The first segments that keys have: a purge of any other would be acknowledged and hit nothing. */
export const KEY_OWNERS: ReadonlySet<string> = new Set(['g', 'e', 'n']);

/** What is asked of a key that begins with none of them, for messages. */
export const KEY_OWNERS_FORM =
  "must begin with g (gateway), e (entries of the HTTP API) or n (library's namespaces)";
