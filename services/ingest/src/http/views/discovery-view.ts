import { ADVERTISED_MIME_TYPES, type DiscoveryDocument, LIMITS, PROTOCOL_VERSION } from '@earshot/protocol';

/** What discovery advertises beyond the fixed parts. */
export interface DiscoveryFacts {
  readonly origin: string;
  readonly serviceName: string;
  readonly supportEmail: string | undefined;
  /** Languages that the configured engines take, per model. */
  readonly languages: { readonly lite: readonly string[]; readonly pro: readonly string[] };
  readonly languageDetection: boolean;
  readonly sessionTtlSeconds: number;
  readonly oidc:
    | { readonly issuer: string; readonly authorizationEndpoint: string; readonly tokenEndpoint: string }
    | undefined;
}

/** The discovery document: exactly what this server accepts, since published clients refuse all else locally. */
export function discoveryView(facts: DiscoveryFacts): DiscoveryDocument {
  const base = `${facts.origin}/voice/v1`;
  const model = (id: 'lite' | 'pro') => ({
    id,
    display_name: id === 'lite' ? 'Lite' : 'Pro',
    languages: [...facts.languages[id]],
    max_session_duration_seconds: facts.sessionTtlSeconds,
    response_speed: id === 'lite' ? ('fast' as const) : ('standard' as const),
    features: { realtime_transcription: false, speaker_diarization: false, custom_templates: false },
  });
  return {
    protocol: 'medscribealliance',
    protocol_version: PROTOCOL_VERSION,
    supported_versions: [PROTOCOL_VERSION],
    service: {
      name: facts.serviceName,
      documentation_url: `${facts.origin}/docs`,
      ...(facts.supportEmail === undefined ? {} : { support_email: facts.supportEmail }),
    },
    endpoints: { base_url: base, webhooks_url: `${base}/webhooks`, templates_url: `${base}/templates` },
    authentication: authentication(facts),
    capabilities: {
      audio_formats: [...ADVERTISED_MIME_TYPES],
      max_chunk_duration_seconds: LIMITS.recommendedChunkSeconds,
      upload_methods: ['chunked', 'single', 'stream'],
      webhook_delivery: true,
      client_sdk_delivery: false,
    },
    models: [model('lite'), model('pro')],
    languages: {
      supported: [...new Set([...facts.languages.lite, ...facts.languages.pro])],
      auto_detection: facts.languageDetection,
    },
  };
}

function authentication({ oidc }: DiscoveryFacts): DiscoveryDocument['authentication'] {
  if (oidc === undefined) return { supported_methods: ['api_key'] };
  return {
    supported_methods: ['api_key', 'oidc'],
    oidc: {
      issuer: oidc.issuer,
      authorization_endpoint: oidc.authorizationEndpoint,
      token_endpoint: oidc.tokenEndpoint,
      scopes_supported: ['openid', 'profile'],
    },
  };
}
