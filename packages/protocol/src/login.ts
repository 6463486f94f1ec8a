import { z } from 'zod';

/** POST /connect-auth/v1/account/login (MedScribe protocol): client id = key id, client secret = API key. */
export const LoginRequest = z.object({
  client_id: z.string().max(200),
  client_secret: z.string().max(400),
  api_key: z.string().max(400).optional(),
});
export type LoginRequest = z.infer<typeof LoginRequest>;

export const RefreshRequest = z.object({
  refresh_token: z.string().max(4096),
  access_token: z.string().max(4096).optional(),
});
export type RefreshRequest = z.infer<typeof RefreshRequest>;

export const TokenResponse = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  expires_in: z.int(),
  refresh_expires_in: z.int(),
  token_type: z.literal('Bearer'),
});
export type TokenResponse = z.infer<typeof TokenResponse>;
