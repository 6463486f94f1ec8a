export {
  type AudioDifference,
  type ComputedRange,
  computedAudio,
  findAudioDifference,
} from './audio/computed-audio.ts';
export { type SpeechOptions, synthesizeSpeech } from './audio/speech.ts';
export { freePort } from './resources/free-port.ts';
export { type TemporaryFolder, temporaryFolder } from './resources/temporary-folder.ts';
export { type UntilOptions, until } from './resources/until.ts';
export {
  type FaultyS3,
  type S3Answer,
  type S3Fault,
  type S3Request,
  s3Cut,
  s3Error,
  sendS3Answer,
  startFaultyS3,
} from './servers/faulty-s3.ts';
export { startMinio, type TestMinio } from './servers/minio.ts';
export { type RedisOptions, startRedis, type TestRedis } from './servers/redis.ts';
export { redisCommand } from './servers/redis-command.ts';
