import * as z from 'zod';
import { SECRET_FORM, secretBytes } from '../invalidation/signature.ts';
import { isTenantId, TENANT_ID_FORM } from '../tenant/tenant-id.ts';

/** The list in `EVENT_SECRETS`. No message holds a secret. */
export const eventSecretList = z
  .array(
    z.strictObject({
      id: z.string().min(1, 'must not be empty').max(64),
      tenant: z
        .string()
        .refine((text) => text === '*' || isTenantId(text), `must be * or ${TENANT_ID_FORM}`),
      secret: z
        .string()
        .refine((text) => secretBytes(text) !== undefined, `must be ${SECRET_FORM}`),
    }),
  )
  .superRefine((secrets, context) => {
    // A secret of two senders would not tell which of them has signed.
    for (const name of ['id', 'secret'] as const) {
      const taken = new Set<string>();
      secrets.forEach((one, at) => {
        if (taken.has(one[name])) {
          context.addIssue({ code: 'custom', path: [at, name], message: 'is used twice' });
        }
        taken.add(one[name]);
      });
    }
  });
