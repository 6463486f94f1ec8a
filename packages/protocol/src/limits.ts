/**
 * Every limit of earshot, by name. Values are defaults; the ones a service lets an operator change are
 * listed in that service's config.ts. A limit has a test at the limit and just beyond it.
 */
export const LIMITS = {
  /** WebSocket message size, bytes; close code 1009 above it. */
  maxMessageBytes: 1_048_576,
  /** Malformed JSON or base64 frames skipped on one socket before it is closed with 1007. */
  maxMalformedFrames: 10,
  /** JSON nesting accepted in a control frame. */
  maxJsonDepth: 16,
  /** Frames held back per track while waiting for an earlier chunk number. */
  reorderWindowFrames: 16,
  /** … where somebody listens, on platforms that do not keep the order of their frames. */
  liveReorderFrames: 3,
  /** Longest hole that is filled with silence so that later audio keeps its time, ms. */
  maxGapFillMs: 30_000,
  /** Tracks in one session. */
  maxTracks: 4,
  /** Sample rates a live stream may declare, Hz. */
  sampleRates: [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] as readonly number[],
  /** Things that a platform was told to pass on with a stream; more are left out. */
  maxStreamParameters: 32,
  /** Kinds of warnings that one decoder tells, each once. */
  maxWarningKinds: 32,
  /** Kinds of unknown control events among them. */
  maxUnknownEventKinds: 16,
  /** Audible audio that settles a doubtful byte order, ms. */
  byteOrderEvidenceMs: 200,
  /** Audio held back at most while a byte order is doubtful, ms. */
  byteOrderHoldMs: 2000,
  /** Keep-alive ping interval on a stream socket, ms. */
  pingIntervalMs: 20_000,
  /** A stream socket without any frame for this long is closed with 1001, ms. */
  streamIdleMs: 300_000,
  /** Live streams of one ingest node; more are refused with 503. */
  maxLiveStreams: 5000,
  /** Processes of one ingest service behind one port. */
  maxIngestProcesses: 128,
  /** Buffered server-to-client bytes before a slow reader is closed. */
  maxSocketBufferedBytes: 1_048_576,
  /** One live stream's audio in a session, bytes of PCM16 (12 h at 16 kHz). */
  maxStreamBytes: 1_382_400_000,
  /** Fragments of one WebSocket message; common clients cut 1 MiB into 4 KiB pieces. Close code 1008 above it. */
  maxMessageFragments: 512,
  /** Control frames and empty messages of one socket within a second; close code 1008 above it. */
  maxEmptyFramesPerSecond: 100,
  /** Separate gaps of one connection; a stream with more is broken and is closed with 1002. */
  maxStreamGaps: 50_000,
  /** Warnings kept of one connection. */
  maxStreamWarnings: 100,
  /** A closed stream's audio is kept in memory and offered to storage for this long, ms. */
  streamFlushMs: 60_000,
  /** After End or at shutdown, audio already on its way is taken until none came for this long, ms; five times this at most. */
  streamDrainMs: 1000,
  /** A peer that does not answer our close frame within this is cut off, ms. */
  closeHandshakeMs: 5000,
  /** Segments being written to storage at once by one ingest node. */
  maxConcurrentPuts: 32,
  /** The same of a process that carries calls: many that end at once would be heard in the 20 ms ticks of all others. */
  maxConcurrentCallPuts: 4,
  /** PCM16 bytes that an acknowledged stream may have on its way without a durable ack. */
  streamCreditBytes: 4_194_304,
  /** Acknowledgements of one stream are sent no more often than this, ms, unless its client runs out of credit. */
  streamAckIntervalMs: 200,
  /** A stream socket is read no more often than this, ms; its frames wait in the kernel. 0 reads whatever comes at once. */
  streamReadIntervalMs: 100,
  /** A stream whose connection dropped waits this long for the next one before its tail is cut, ms. */
  streamResumeMs: 30_000,
  /** The answer to a live body waits this long for its last segment to reach the object store, ms. */
  bodyArchiveWaitMs: 10_000,
  /** One HTTP append with a digest, which is held in memory until it is checked, bytes. */
  maxDigestedBytes: 10_485_760,
  /** Journal: a batch is committed after this, ms, or with this many bytes. */
  journalCommitMs: 20,
  journalCommitBytes: 262_144,
  /** Size from which a journal file is closed, bytes. */
  journalFileBytes: 67_108_864,
  /** Preallocated for an orderly end when the disk is full, and free space below which no new stream is taken; bytes. */
  journalReserveBytes: 67_108_864,
  journalLowWaterBytes: 268_435_456,
  /** Bytes waiting to be durable above which writers wait. */
  journalMaxUnsyncedBytes: 33_554_432,
  /** Lease of a live stream and how often it is renewed, ms. */
  streamLeaseMs: 15_000,
  streamLeaseRenewMs: 5000,

  /** One uploaded file, bytes: chunked sessions (MedScribe protocol). */
  maxChunkBytes: 10_485_760,
  /** One uploaded file, bytes: single sessions. */
  maxSingleBytes: 536_870_912,
  /** Recommended longest chunk, seconds; advertised in discovery. */
  recommendedChunkSeconds: 20,
  /** Decoded length of one uploaded file, seconds. */
  maxUploadSeconds: 14_400,
  /** Longest time for decoding one recording, ms. */
  decodeWallMs: 900_000,
  /** Uploaded files in one session. */
  maxUploads: 10_000,
  /** File sequence numbers have at most this many digits. */
  maxSequenceDigits: 6,
  /** Audio channels of an uploaded file. */
  maxChannels: 8,

  /** JSON request bodies, bytes. */
  maxJsonBodyBytes: 262_144,
  /** Nesting accepted in a JSON request body. */
  maxJsonBodyDepth: 32,
  /** A request head must be complete within this, ms. */
  requestHeadMs: 10_000,
  /** A request head, bytes. */
  maxRequestHeadBytes: 16_384,
  /** A JSON body must be complete within this, ms; routes that stream set their own deadline. */
  requestBodyMs: 30_000,
  /** Open HTTP connections of one server. */
  maxConnections: 10_000,
  /** `additional_data`, bytes of JSON (4 KB recommended by the protocol). */
  maxAdditionalDataBytes: 16_384,
  /** Templates in one session. */
  maxTemplates: 2,
  /** Idempotency-Key header, characters. */
  maxIdempotencyKeyLength: 255,
  /** Longest `?wait=` of Get Session, seconds. */
  maxWaitSeconds: 14,
  /** Page size of list endpoints. */
  maxPageSize: 100,
  defaultPageSize: 25,
  /** End waits this long for the tail of a live stream, ms. */
  endTailWaitMs: 15_000,
  /** After End, a node that went down with the tail of a stream may come back for this long, seconds. */
  recoveryWaitSeconds: 120,
  /** … and one that is up but cannot store the tail gets this long, seconds. */
  liveTailWaitSeconds: 86_400,
  /** Audio is kept this long after a session's completion, days. */
  keepAudioDays: 30,
  /** Session life without End, seconds; one rule for all models. */
  sessionTtlSeconds: 3600,

  /** Segment cutting, seconds and milliseconds. */
  segmentMinSeconds: 10,
  segmentMaxSeconds: 25,
  minPauseMs: 200,

  /** Webhook delivery. */
  webhookTimeoutMs: 15_000,
  webhookMaxResponseBytes: 65_536,
  webhookAttempts: 10,
  maxWebhooksPerTenant: 32,
  maxUrlLength: 2048,

  /** Live calls: rate of all call audio, Hz; the clock that plays it, ms; calls of one node. */
  callSampleRate: 16_000,
  callTickMs: 20,
  maxLiveCalls: 1000,
  /** A media token must be used within this, seconds (Pilot Status API). */
  mediaTokenSeconds: 120,
  /** Unused media tokens of one call. */
  maxMediaTokensPerCall: 128,
  /** The credential behind an open media socket is checked again after this, ms. */
  mediaCredentialCheckMs: 2000,
  /** A talker that is too far ahead is told how far no more often than this, ms. */
  mediaBufferReportMs: 250,
  /** Marks of one talker that have not been answered. */
  maxOpenMarks: 1000,
  /** Bytes of one PCM16 message to a media client; any size is taken from it. */
  mediaFrameBytes: 1920,
  /** Talking clients are asked to pause and to resume at these fill levels, and audio beyond the last is refused; ms. */
  talkPauseMs: 500,
  talkResumeMs: 250,
  talkMaxMs: 30_000,
  /** Audio waiting for a slow listener, ms; more is dropped as a counted gap. */
  listenerMaxMs: 2000,
  maxListenersPerCall: 64,
  /** Audio from the peer that waits for its place on the call's clock, ms: wanted, and most. */
  jitterTargetMs: 60,
  jitterMaxMs: 1000,
  /** A call that nobody answers ends after this, seconds. */
  callRingSeconds: 60,
  /** A call whose media link is down or has been silent on the wire for this long ends, ms. */
  callPeerGoneMs: 30_000,
  /** A carrier's media socket must say what it sends within this, ms. */
  callOpeningMs: 10_000,
  /** The longest call, seconds: both directions of it stay below `maxStreamBytes`. */
  maxCallSeconds: 21_000,
  /** Assets: one uploaded file, bytes; decoded length, seconds; per tenant; plays waiting in one call. */
  maxAssetBytes: 33_554_432,
  maxAssetSeconds: 3600,
  maxAssetsPerTenant: 1000,
  maxQueuedPlays: 16,
  /** Fetching the audio behind a URL, and decoding what is to be played, ms; how many of either run and wait at once. */
  assetFetchMs: 30_000,
  assetDecodeMs: 120_000,
  maxAssetWork: 4,
  maxAssetWorkWaiting: 64,
  /** Lines of one tenant; a caller's own text on a call, characters; a peer's name as a caller gives it. */
  maxLinesPerTenant: 1000,
  maxCallbackData: 512,
  maxPeerLength: 600,
  /** Recordings are kept this long, days; links to them hold this long, seconds. */
  keepRecordingDays: 30,
  recordingLinkSeconds: 300,
  /** Events kept per line for SSE clients that come back. */
  maxEventsPerLine: 1000,
  /** … and per tenant, of all its lines and sessions; a log that nothing was added to for so long is dropped, days. */
  maxEventsPerTenant: 10_000,
  keepEventsDays: 7,
  /** Open event streams of one node, and of one tenant on it. */
  maxEventStreams: 1000,
  maxEventStreamsPerTenant: 100,
  /** A comment keeps a quiet event stream open; its credential is checked again; a reader this slow is closed; ms. */
  eventHeartbeatMs: 15_000,
  eventRecheckMs: 5000,
  eventStallMs: 30_000,
  /** Delivery attempts remembered per webhook, for this long, days. */
  maxDeliveriesPerWebhook: 200,
  keepDeliveriesDays: 30,
  /** The secret before a rotation signs too for this long, hours. */
  previousSecretHours: 24,

  /** Secrets for realtime models: their life unless asked otherwise, and what can be asked; seconds. */
  realtimeSecretSeconds: 600,
  realtimeSecretMinSeconds: 10,
  realtimeSecretMaxSeconds: 7200,
  /** Time for a provider to answer, ms, and size of its answer, bytes. */
  realtimeProviderMs: 15_000,
  realtimeProviderBytes: 262_144,

  /** Access tokens from login, seconds (MedScribe protocol). */
  accessTokenSeconds: 1800,
  refreshTokenSeconds: 2_592_000,
  /** Revoked keys stop working within this time, ms. */
  keyCacheMs: 5000,
} as const;
