/** An answer made of what is stored, with the fields that are kept from the store: for the one whose request brought them. */
export function withWithheld(
  answer: Response,
  received: Headers,
  withheld: readonly string[],
): Response {
  for (const name of withheld)
    for (const value of valuesOf(received, name)) answer.headers.append(name, value);
  return answer;
}

function valuesOf(headers: Headers, name: string): readonly string[] {
  if (name === 'set-cookie') return headers.getSetCookie();
  const value = headers.get(name);
  return value === null ? [] : [value];
}
