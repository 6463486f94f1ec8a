import { z } from 'zod';

/** GET /.well-known/medscribealliance (MedScribe protocol). */
export const DiscoveryDocument = z.object({
  protocol: z.literal('medscribealliance'),
  protocol_version: z.string(),
  supported_versions: z.array(z.string()),
  service: z.object({
    name: z.string(),
    documentation_url: z.string().optional(),
    support_email: z.string().optional(),
  }),
  endpoints: z.object({ base_url: z.string(), webhooks_url: z.string(), templates_url: z.string() }),
  authentication: z.object({
    supported_methods: z.array(z.enum(['api_key', 'oidc'])),
    oidc: z
      .object({
        issuer: z.string(),
        authorization_endpoint: z.string(),
        token_endpoint: z.string(),
        scopes_supported: z.array(z.string()),
      })
      .optional(),
  }),
  capabilities: z.object({
    audio_formats: z.array(z.string()),
    max_chunk_duration_seconds: z.int(),
    upload_methods: z.array(z.enum(['chunked', 'single', 'stream'])),
    webhook_delivery: z.boolean(),
    client_sdk_delivery: z.boolean(),
  }),
  models: z.array(
    z.object({
      id: z.enum(['lite', 'pro']),
      display_name: z.string(),
      languages: z.array(z.string()),
      max_session_duration_seconds: z.int(),
      response_speed: z.enum(['fast', 'standard', 'thorough']),
      features: z.object({
        realtime_transcription: z.boolean(),
        speaker_diarization: z.boolean(),
        custom_templates: z.boolean(),
      }),
    }),
  ),
  languages: z.object({ supported: z.array(z.string()), auto_detection: z.boolean() }),
});
export type DiscoveryDocument = z.infer<typeof DiscoveryDocument>;

export const PROTOCOL_VERSION = '0.1';
