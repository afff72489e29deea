declare const tenantId: unique symbol;

/** The name of a tenant, checked: `[a-z0-9][a-z0-9_-]{0,63}`. It can't hold a separator of the key grammar. */
export type TenantId = string & { readonly [tenantId]: true };

const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** What a tenant's name may look like, for messages. */
export const TENANT_ID_FORM =
  '1 to 64 characters of a-z, 0-9, _ and -, the first of them a letter or digit';

/** True when the text names a tenant. */
export function isTenantId(text: string): text is TenantId {
  return TENANT_ID.test(text);
}
