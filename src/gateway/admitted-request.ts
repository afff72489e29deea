import { chosenCookies } from './cookie-choice.ts';
import { dropsField, dropsNothing, type FieldPolicy } from './dropped-fields.ts';

/**
 * A GET or HEAD with the fields and cookies that a policy lets through, made once, before anything looks at it: what selects
 * a variant, what is judged, and what the origin is sent are the same then. The request itself where all pass.
 */
export function admittedRequest(request: Request, policy: FieldPolicy): Request {
  if (dropsNothing(policy)) return request;
  const { headers } = request;
  const admitted = admittedFields(headers, policy);
  return admitted === headers ? request : new Request(request, { headers: admitted });
}

/** The fields of a request that a policy lets through; the same object where it is all of them. */
export function admittedFields(headers: Headers, policy: FieldPolicy): Headers {
  if (dropsNothing(policy)) return headers;
  const dropped = [...headers.keys()].filter((name) => dropsField(policy, name));
  const sent = headers.get('cookie');
  const cookies = sent === null ? undefined : chosenCookies(sent, policy);
  if (dropped.length === 0 && (sent === null || cookies === sent)) return headers;
  const admitted = new Headers(headers);
  for (const name of dropped) admitted.delete(name);
  if (cookies === undefined) admitted.delete('cookie');
  else if (admitted.has('cookie')) admitted.set('cookie', cookies);
  return admitted;
}
