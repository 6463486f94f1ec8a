import { LIMITS } from '@earshot/protocol';

export const RECORDING_TAGS = ['recordings'];

/** Media types of the audio routes by status, for the OpenAPI document. */
export const AUDIO_TYPES = { 200: ['audio/wav'], 206: ['audio/wav'] };

export const LINK_NOTE = `For players and downloads that cannot send a header: it opens this recording alone, for ${LIMITS.recordingLinkSeconds} s.`;

export const DELETE_NOTE =
  'The inbound, outbound and mixed file of a call go together, whichever of them is named: each would give away what ' +
  'the others hold. The session of the call keeps its segments and its transcript by its own rules.';
