import * as z from 'zod';
import { isTenantId, TENANT_ID_FORM } from '../tenant/tenant-id.ts';
import { SCOPES } from './config.ts';

/** The list in `CREDENTIALS`. */
export const credentialList = z
  .array(
    z.strictObject({
      id: z.string().min(1, 'must not be empty').max(64),
      sha256: z
        .string()
        .regex(
          /^[0-9a-f]{64}$/,
          'must be the SHA-256 of the token, 64 lower-case hexadecimal digits',
        ),
      tenant: z
        .string()
        .refine((text) => text === '*' || isTenantId(text), `must be * or ${TENANT_ID_FORM}`),
      scopes: z
        .array(z.enum(SCOPES, { error: `must be one of ${SCOPES.join(', ')}` }))
        .min(1, 'must name at least one scope'),
    }),
  )
  .superRefine((credentials, context) => {
    for (const name of ['id', 'sha256'] as const) {
      const taken = new Set<string>();
      credentials.forEach((credential, at) => {
        if (taken.has(credential[name])) {
          context.addIssue({ code: 'custom', path: [at, name], message: 'is used twice' });
        }
        taken.add(credential[name]);
      });
    }
  });
